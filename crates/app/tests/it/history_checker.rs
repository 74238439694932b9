//! Consistency checker (fault injection): fifty clients chat while server and PostgreSQL are killed
//! repeatedly.
//!
//! It then compares what each client saw with what is stored.
//!
//! `ABU_CHECKER_SECONDS` sets how long they chat (60 by default), `ABU_CHECKER_SEED` repeats a run's
//! choices.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use abu_application::store::Store;
use abu_domain::RoomId;
use abu_repository::{PgStore, PoolSettings};
use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::{Signal, kill};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    crash::{Server, log_in},
    program::{folder, running_postgres},
};

const CLIENTS: usize = 50;
const ROOMS: usize = 5;
/// How fast each of them talks. Not as fast as they can: what is tested is the kills.
const PACE: Duration = Duration::from_millis(100);

/// Where the server is now, while it is there; `None` once the chat is over.
type Address = watch::Receiver<Option<String>>;

/// What one client noted.
#[derive(Default)]
struct Notes {
    /// What it sent and then saw.
    acknowledged: Vec<String>,
    /// What it sent and was told is not stored.
    refused: Vec<String>,
    /// What it saw of each room, a list a connection, in the order it came.
    views: Vec<HashMap<String, Vec<String>>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_duplicate_and_reorder_no_acknowledged_message() {
    let seconds = number("ABU_CHECKER_SECONDS").unwrap_or(60);
    let seed = number("ABU_CHECKER_SEED").unwrap_or_else(rand::random);
    println!("ABU_CHECKER_SEED={seed}");
    let mut choices = StdRng::seed_from_u64(seed);
    let folder = folder();
    let mut server = Server::start(&folder);
    let (tokens, rooms) = people(&server).await;

    let (tell, address) = watch::channel(Some(server.address.clone()));
    let mut chats = JoinSet::new();
    for (name, token) in tokens.into_iter().enumerate() {
        let own = [rooms[name % ROOMS], rooms[(name + 1) % ROOMS]];
        let choices = StdRng::seed_from_u64(seed.wrapping_add(name as u64 + 1));
        chats.spawn(chat(name, token, own, address.clone(), choices));
    }
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut kills = [0, 0];
    while Instant::now() < end {
        sleep(Duration::from_millis(choices.random_range(700..2_500))).await;
        let what = usize::from(choices.random_bool(0.5));
        kills[what] += 1;
        if what == 0 {
            server.program.kill();
            server = Server::start(&folder);
            tell.send_replace(Some(server.address.clone()));
        } else if let Some(postgres) = running_postgres(&folder) {
            // It may have died with the last kill already.
            let _ = kill(postgres, Signal::SIGKILL);
        }
    }
    tell.send_replace(None);
    let notes = chats.join_all().await;
    // Once more from nothing, so that what is checked is what a restart finds.
    server.program.kill();
    let server = Server::start(&folder);
    let stored = everything_stored(&folder, &rooms);
    drop(server);
    report(&notes, &stored, kills);
    check(&notes, &stored);
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The clients' tokens, and the rooms. Client `n` is in rooms `n` and `n + 1`, round the ring.
async fn people(server: &Server) -> (Vec<String>, Vec<RoomId>) {
    let admin = server.token().await;
    let mut ids = Vec::new();
    let mut tokens = Vec::new();
    for n in 0..CLIENTS {
        let (email, password) = (format!("client{n}@example.com"), "a password for tests");
        let body = json!({"email": email, "password": password, "firstname": "C", "lastname": "C"});
        let user = server.post("users", Some(&admin), body).await;
        ids.push(user["uuid"].as_str().unwrap().to_owned());
        tokens.push(log_in(&server.address, &email, password).await);
    }
    let mut rooms = Vec::new();
    for room in 0..ROOMS {
        let members: Vec<_> = (0..CLIENTS)
            .filter(|n| n % ROOMS == room || (n + 1) % ROOMS == room)
            .map(|n| &ids[n])
            .collect();
        let body = json!({"kind": "group", "name": format!("Room {room}"), "member_ids": members});
        let made = server.post("rooms", Some(&admin), body).await;
        rooms.push(RoomId::new(made["uuid"].as_str().unwrap().parse().unwrap()));
    }
    (tokens, rooms)
}

/// Talks, connects again when cut off, and notes everything, until the chat is over.
async fn chat(
    name: usize,
    token: String,
    rooms: [RoomId; 2],
    address: Address,
    mut choices: StdRng,
) -> Notes {
    let mut notes = Notes::default();
    let mut said = 0;
    loop {
        let Some(at) = address.borrow().clone() else {
            return notes;
        };
        let Some(mut socket) = connect(&at, &token).await else {
            // It is being started, or waits for its database.
            sleep(PACE).await;
            continue;
        };
        let mut view = HashMap::<String, Vec<String>>::new();
        let mut pace = tokio::time::interval(PACE);
        let mut waiting_for: Option<String> = None;
        loop {
            tokio::select! {
                _ = pace.tick(), if waiting_for.is_none() => {
                    if address.borrow().is_none() {
                        break;
                    }
                    let text = format!("client {name} says {said}");
                    said += 1;
                    let room = rooms[choices.random_range(0..2)];
                    let packet = json!({
                        "type": "message-send",
                        "payload": {"room_id": room.to_string(), "message": text}
                    });
                    waiting_for = Some(text);
                    if socket.send(Message::text(packet.to_string())).await.is_err() {
                        break;
                    }
                }
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(frame))) => {
                        note(&frame, &mut notes, &mut view, &mut waiting_for);
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                },
            }
        }
        notes.views.push(view);
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

async fn connect(address: &str, token: &str) -> Option<Socket> {
    let stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let url = format!("ws://{address}/chat?token={token}");
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.ok()?;
    Some(socket)
}

fn note(
    frame: &str,
    notes: &mut Notes,
    view: &mut HashMap<String, Vec<String>>,
    waiting_for: &mut Option<String>,
) {
    let packet: Value = serde_json::from_str(frame).unwrap();
    let payload = &packet["payload"];
    match packet["type"].as_str().unwrap() {
        "message-receive" => {
            let text = payload["message"].as_str().unwrap().to_owned();
            if waiting_for.as_ref() == Some(&text) {
                notes.acknowledged.extend(waiting_for.take());
            }
            let room = payload["room_id"].as_str().unwrap().to_owned();
            view.entry(room).or_default().push(text);
        }
        "error" => {
            assert_eq!(payload["code"], "unavailable", "{frame}");
            notes.refused.extend(waiting_for.take());
        }
        other => panic!("unexpected: {other}"),
    }
}

/// What is stored: of each room, each text with its place.
fn everything_stored(folder: &TempDir, rooms: &[RoomId]) -> BTreeMap<String, Vec<(i64, String)>> {
    let url = std::fs::read_to_string(folder.path().join(".data/postgres.url")).unwrap();
    let store: Arc<dyn Store> = Arc::new(PgStore::connect(PoolSettings {
        url: url.trim().into(),
        size: 1,
        connection_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(60),
    }));
    let room = |id: &RoomId| {
        let messages = store
            .read(|tx| {
                let last = tx.last_seq(*id)?.expect("the room is there");
                let messages = tx.messages_in_span(*id, 1..=i64::MAX)?;
                assert_eq!(messages.len() as i64, last, "the room counts its messages");
                Ok::<_, abu_application::platform::ports::StoreError>(messages)
            })
            .unwrap();
        let texts = messages
            .into_iter()
            .map(|message| (message.seq, message.text.as_str().to_owned()));
        (id.to_string(), texts.collect())
    };
    rooms.iter().map(room).collect()
}

#[expect(
    clippy::print_stdout,
    reason = "what a run came to is for people to read"
)]
fn report(notes: &[Notes], stored: &BTreeMap<String, Vec<(i64, String)>>, kills: [usize; 2]) {
    let sum = |count: fn(&Notes) -> usize| notes.iter().map(count).sum::<usize>();
    println!(
        "{} kills of the server, {} of PostgreSQL; {} connections; {} messages stored, {} acknowledged, \
         {} refused; {} deliveries seen",
        kills[0],
        kills[1],
        sum(|notes| notes.views.len()),
        stored.values().map(Vec::len).sum::<usize>(),
        sum(|notes| notes.acknowledged.len()),
        sum(|notes| notes.refused.len()),
        sum(|notes| notes
            .views
            .iter()
            .flat_map(HashMap::values)
            .map(Vec::len)
            .sum()),
    );
}

fn check(notes: &[Notes], stored: &BTreeMap<String, Vec<(i64, String)>>) {
    let mut place_of = HashMap::new();
    for (room, messages) in stored {
        for (index, (seq, text)) in messages.iter().enumerate() {
            assert_eq!(*seq, index as i64 + 1, "places of {room} run 1, 2, 3 …");
            let twice = place_of.insert(text.as_str(), (room.as_str(), *seq));
            assert_eq!(twice, None, "{text:?} is stored once");
        }
    }
    let mut acknowledged = HashSet::new();
    for notes in notes {
        for text in &notes.acknowledged {
            assert!(
                place_of.contains_key(text.as_str()),
                "{text:?} was acknowledged"
            );
            acknowledged.insert(text);
        }
        for text in &notes.refused {
            assert!(
                !place_of.contains_key(text.as_str()),
                "{text:?} was refused"
            );
        }
        for (room, view) in notes.views.iter().flatten() {
            let places: Vec<_> = view
                .iter()
                .map(|text| {
                    place_of
                        .get(text.as_str())
                        .expect("what was seen is stored")
                })
                .collect();
            for pair in places.windows(2) {
                assert_eq!(pair[0].0, room, "it is in the room it was seen in");
                assert_eq!(
                    pair[1].1,
                    pair[0].1 + 1,
                    "a connection sees a room without gaps"
                );
            }
        }
    }
    assert!(acknowledged.len() > CLIENTS, "the chat was under way");
}
