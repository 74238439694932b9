//! The first floor: actix-ws as its examples use it, each member's session handed the text in turn.

use std::{collections::HashMap, io, net::Ipv4Addr, sync::Arc};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, error, rt, web};
use actix_ws::{Message, MessageStream, Session};
use bytestring::ByteString;
use futures_util::StreamExt;
use parking_lot::Mutex;

use super::{Client, announce};

/// Threads that serve: one for each core of the machine that the figures are published for.
const WORKERS: usize = 2;

/// Locked while a message is handed round, so that a room has one order.
type Room = tokio::sync::Mutex<Vec<Session>>;

#[derive(Default)]
struct Rooms(Mutex<HashMap<u32, Arc<Room>>>);

impl Rooms {
    fn get(&self, number: u32) -> Arc<Room> {
        Arc::clone(self.0.lock().entry(number).or_default())
    }
}

/// Serves until it is stopped.
///
/// # Errors
/// Where it cannot listen.
pub(crate) fn serve() -> io::Result<()> {
    rt::System::new().block_on(async {
        let rooms = web::Data::new(Rooms::default());
        let server = HttpServer::new(move || {
            let chat = web::get().to(connect);
            App::new().app_data(rooms.clone()).route("/chat", chat)
        });
        let server = server
            .workers(WORKERS)
            .disable_signals() // the default end is the quickest
            .bind((Ipv4Addr::LOCALHOST, 0))?;
        announce(server.addrs()[0])?;
        server.run().await
    })
}

async fn connect(
    request: HttpRequest,
    body: web::Payload,
    rooms: web::Data<Rooms>,
) -> Result<HttpResponse, actix_web::Error> {
    let client = Client::parse(request.query_string());
    let client = client.ok_or_else(|| error::ErrorBadRequest("/chat?room=1&user=2"))?;
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    let room = rooms.get(client.room);
    room.lock().await.push(session.clone());
    rt::spawn(listen(client, room, session, messages));
    Ok(response)
}

async fn listen(
    client: Client,
    room: Arc<Room>,
    mut session: Session,
    mut messages: MessageStream,
) {
    while let Some(Ok(message)) = messages.next().await {
        match message {
            Message::Text(text) => {
                if let Some(packet) = client.say(&text) {
                    tell(&room, packet.to_json().into()).await;
                }
            }
            // A client that is gone shows at the next read.
            Message::Ping(payload) => drop(session.pong(&payload).await),
            Message::Close(_) => break,
            _ => {}
        }
    }
}

async fn tell(room: &Room, text: ByteString) {
    for session in room.lock().await.iter_mut() {
        // Sessions that are gone stay in the list: the floor lives for one measurement.
        let _ = session.text(text.clone()).await;
    }
}
