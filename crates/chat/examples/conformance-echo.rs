//! Serves the echo of the WebSocket conformance tests on a free port of this machine, and prints
//! where.

use abu_chat::{ChatSettings, conformance};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// The tests send messages of up to 16 MiB.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let settings = ChatSettings {
        max_frame_bytes: MAX_MESSAGE_BYTES,
        // The suite cuts messages into tens of thousands.
        max_fragments: u32::MAX,
        outbox_max_bytes: 2 * MAX_MESSAGE_BYTES,
        ..ChatSettings::default()
    };
    let served = web::Data::new(settings.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(served.clone())
            .route("/", web::get().to(echo))
    })
    .on_connect(abu_chat::on_connect)
    .workers(1)
    .bind(("127.0.0.1", 0))?;
    for address in server.addrs() {
        announce(address);
    }
    server.run().await
}

async fn echo(
    request: HttpRequest,
    payload: web::Payload,
    settings: web::Data<ChatSettings>,
) -> actix_web::Result<HttpResponse> {
    conformance::echo(&request, payload, &settings).await
}

#[expect(clippy::print_stdout, reason = "its caller reads the address")]
fn announce(address: std::net::SocketAddr) {
    println!("ws://{address}");
}
