//! Baseline A: actix-ws, with `session.text` for each member.
//!
//! Every session has a writer task. Awaiting one session after the other would let a slow one delay the room, and let
//! two messages overtake each other. The server uses actix-web's defaults, so Nagle's algorithm is on. Under load it
//! joins frames into larger segments, with an occasional delay of about 40 ms.

use std::{collections::HashMap, io, net::Ipv4Addr, sync::Arc};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, error, rt, web};
use actix_ws::{Message, MessageStream, Session};
use bytestring::ByteString;
use futures_util::StreamExt;
use parking_lot::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::{Client, announce};

/// One worker thread for each core of the machine of the published figures.
const WORKERS: usize = 2;

/// The channels of a room's members. The lock is held during a broadcast, so that a room has one order.
type Room = Mutex<Vec<UnboundedSender<ByteString>>>;

#[derive(Default)]
struct Rooms(Mutex<HashMap<u32, Arc<Room>>>);

impl Rooms {
    fn get(&self, number: u32) -> Arc<Room> {
        Arc::clone(self.0.lock().entry(number).or_default())
    }
}

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
    let (texts, waiting) = mpsc::unbounded_channel();
    room.lock().push(texts);
    rt::spawn(speak(session.clone(), waiting));
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
                    tell(&room, &packet.to_json().into());
                }
            }
            // The next read reports a lost client.
            Message::Ping(payload) => drop(session.pong(&payload).await),
            Message::Close(_) => break,
            _ => {}
        }
    }
}

fn tell(room: &Room, text: &ByteString) {
    for member in room.lock().iter() {
        // Disconnected members stay in the list: the process serves one measurement.
        let _ = member.send(text.clone());
    }
}

async fn speak(mut session: Session, mut waiting: UnboundedReceiver<ByteString>) {
    while let Some(text) = waiting.recv().await {
        if session.text(text).await.is_err() {
            return;
        }
    }
}
