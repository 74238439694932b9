//! Contract test: the packets of both chat profiles, frame by frame as the golden files of
//! [`fixtures`](crate::fixtures) have them.
//!
//! Two people with a session of each profile talk. What a session sends and hears is recorded in the
//! file of its profile; each exchange names the sessions that hear of it, one frame each.

use std::{mem, time::Duration};

use abu_chat_protocol::Profile;
use abu_domain::{RoomId, UserId, identity::user::User};
use abu_settings::Settings;
use abu_test_support::{ChatClient, PrivateCluster, TestDatabase, TestServer};
use futures_util::SinkExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    client::IntoClientRequest,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use uuid::Uuid;

use crate::fixtures::{Mask, assert_recorded};

/// A session, by its place in [`Conversation::sessions`].
type Who = usize;

const AMINA_V1: Who = 0;
const AMINA: Who = 1;
const BELLO_V1: Who = 2;
const BELLO: Who = 3;

const ALL: [Who; 4] = [AMINA_V1, AMINA, BELLO_V1, BELLO];
const BOTH_V2: [Who; 2] = [AMINA, BELLO];

const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

struct Session {
    name: &'static str,
    profile: Profile,
    client: ChatClient,
}

struct Conversation {
    server: TestServer,
    sessions: Vec<Session>,
    mask: Mask,
    v1: String,
    v2: String,
}

/// Opens a session of this profile, and leaves its first frame to be heard.
async fn connect(server: &TestServer, user: UserId, profile: Profile) -> ChatClient {
    let mut request = server.chat_url(user).into_client_request().unwrap();
    let offered = profile.subprotocol().parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    ChatClient::connect_with(request).await.unwrap()
}

fn packet(kind: &str, payload: &Value) -> Value {
    json!({"type": kind, "payload": payload})
}

/// A packet whose answer v2 marks with this.
fn asking(request_ref: &str, kind: &str, payload: &Value) -> Value {
    json!({"type": kind, "ref": request_ref, "payload": payload})
}

/// The frame without how long to wait, which depends on the clock.
fn without_wait(frame: &str) -> String {
    const WAIT: &str = "\"retry_after_ms\":";
    match frame.split_once(WAIT) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{WAIT}<wait>{rest}")
        }
        None => frame.to_owned(),
    }
}

impl Conversation {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(TestDatabase::new(), change).await
    }

    async fn start_on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        Self {
            server: TestServer::start_on(database, change).await,
            sessions: Vec::new(),
            mask: Mask::default(),
            v1: String::new(),
            v2: String::new(),
        }
    }

    /// Creates a user with a fixed id, so that lists sorted by id have one order.
    fn user(&mut self, name: &str, place: u128) -> User {
        let id = Uuid::from_u128(place);
        self.mask.name(id, name);
        let user = self.server.database().user();
        user.with(|new| new.id = UserId::new(id)).create()
    }

    async fn join(&mut self, name: &'static str, user: &User, profile: Profile) -> Who {
        let client = connect(&self.server, user.id, profile).await;
        self.sessions.push(Session {
            name,
            profile,
            client,
        });
        self.sessions.len() - 1
    }

    fn note(&mut self, who: Who, direction: &str, frame: &str) {
        let Session { name, profile, .. } = self.sessions[who];
        let frame = self.mask.apply(&without_wait(frame));
        let line = format!("{name} {direction} {frame}\n");
        match profile {
            Profile::V2 => self.v2.push_str(&line),
            _ => self.v1.push_str(&line),
        }
    }

    /// Begins the next part of both records.
    fn heading(&mut self, text: &str) {
        for record in [&mut self.v1, &mut self.v2] {
            record.push_str(&format!("\n# {text}\n"));
        }
    }

    /// The packet of the next frame of each of them, the last one returned.
    async fn hear(&mut self, hearers: &[Who]) -> Value {
        let mut last = Value::Null;
        for who in hearers {
            let frame = loop {
                match self.sessions[*who].client.frame().await {
                    Message::Ping(_) | Message::Pong(_) => {}
                    frame => break frame,
                }
            };
            let text = match &frame {
                Message::Text(text) => text.to_string(),
                Message::Close(Some(close)) => {
                    format!("close {} {}", u16::from(close.code), close.reason)
                }
                other => panic!("{other:?}"),
            };
            self.note(*who, "<", &text);
            last = serde_json::from_str(&text).unwrap_or_default();
        }
        last
    }

    /// One session sends this, and these hear something.
    async fn say(&mut self, who: Who, text: &str, hearers: &[Who]) -> Value {
        self.note(who, ">", text);
        self.sessions[who].client.send_text(text).await;
        self.hear(hearers).await
    }

    async fn send(&mut self, heading: &str, who: Who, packet: &Value, hearers: &[Who]) -> Value {
        self.heading(heading);
        self.say(who, &packet.to_string(), hearers).await
    }

    /// A request to the API by that user, of which these hear.
    async fn call(
        &mut self,
        heading: &str,
        by: &User,
        (method, path, body): (Method, &str, Value),
        hearers: &[Who],
    ) {
        self.heading(heading);
        let request = reqwest::Client::new()
            .request(method, self.server.url(path))
            .bearer_auth(self.server.token(by.id))
            .header("if-match", "*");
        let request = match body.is_null() {
            true => request,
            false => request.json(&body),
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{heading}: {answer:?}");
        self.hear(hearers).await;
    }

    /// Each session hears the answer to a last packet, and so nothing came before that.
    async fn end(&mut self, sessions: &[Who]) {
        self.heading("nothing else");
        for who in sessions {
            let last = packet("no-such-packet", &json!({})).to_string();
            self.say(*who, &last, &[*who]).await;
        }
    }

    #[track_caller]
    fn assert_recorded(&self, name: &str) {
        assert_recorded(&format!("chat/{name}-v1.txt"), &self.v1);
        assert_recorded(&format!("chat/{name}-v2.txt"), &self.v2);
    }
}

/// A conversation of Amina and Bello in their room; each has a session of each profile.
async fn in_a_room(change: impl FnOnce(&mut Settings)) -> (Conversation, [User; 2], RoomId) {
    in_a_room_on(TestDatabase::new(), change).await
}

async fn in_a_room_on(
    database: TestDatabase,
    change: impl FnOnce(&mut Settings),
) -> (Conversation, [User; 2], RoomId) {
    let mut talk = Conversation::start_on(database, |settings| {
        settings.chat.errors_per_minute = 1_000;
        settings.chat.messages_per_second = 1_000;
        settings.chat.messages_per_minute = 1_000;
        settings.chat.packets_per_second = 1_000;
        change(settings);
    })
    .await;
    let people = [talk.user("amina", 0xa), talk.user("bello", 0xb)];
    let [amina, bello] = &people;
    let room = talk.server.database().group(amina.id);
    let room = room.member(bello.id).create().id;
    talk.mask.name(room.uuid(), "room");
    talk.mask.name(NOWHERE.parse().unwrap(), "nowhere");
    talk.heading("both connect");
    for (name, user) in [("amina", amina), ("bello", bello)] {
        talk.join(name, user, Profile::V1).await;
        let session = talk.join(name, user, Profile::V2).await;
        talk.hear(&[session]).await;
    }
    (talk, people, room)
}

#[tokio::test]
async fn a_conversation_is_as_recorded() {
    let (mut talk, _, room) = in_a_room(|_settings| {}).await;
    let join = packet("chat-join", &json!({"notice": "join"}));
    talk.send("bello comes", BELLO, &join, &[AMINA_V1, AMINA])
        .await;
    talk.send("amina comes", AMINA_V1, &join, &[BELLO_V1, BELLO])
        .await;
    let who = asking("who", "presence-request", &json!({"room_id": room.uuid()}));
    talk.send("who is there", AMINA, &who, &[AMINA]).await;

    let text = |text: &str| json!({"room_id": room.uuid(), "message": text});
    let hello = packet("message-send", &text("Salaam"));
    let first = talk.send("hello", AMINA, &hello, &ALL).await;
    let first = first["payload"]["message_id"].clone();
    let mut own = text("once");
    own["client_message_id"] = json!(Uuid::from_u128(0xc));
    let own = asking("1", "message-send", &own);
    let second = talk
        .send("with an id of the sender's", AMINA, &own, &ALL)
        .await;
    let second = second["payload"]["message_id"].clone();
    talk.send("the same again", AMINA, &own, &[AMINA]).await;
    let old = packet("message-send", &text("Wa alaikum salaam"));
    talk.send("over v1", BELLO_V1, &old, &ALL).await;
    let old = asking("1", "message-send", &own["payload"]);
    talk.send("over v1 with fields of v2", BELLO_V1, &old, &ALL)
        .await;
    let reply = |to: &Value| {
        let mut reply = text("and to you");
        reply["reply_to"] = to.clone();
        asking("2", "message-send", &reply)
    };
    talk.send("a reply", BELLO, &reply(&first), &ALL).await;
    talk.send(
        "a reply to nothing",
        BELLO,
        &reply(&json!(NOWHERE)),
        &[BELLO],
    )
    .await;

    let change = |kind: &str, id: &Value, name: &str, value: &str| {
        asking(
            "3",
            kind,
            &json!({"room_id": room.uuid(), "message_id": id, name: value}),
        )
    };
    let edit = change("message-edit", &first, "message", "Salaam, all");
    talk.send("an edit", AMINA, &edit, &BOTH_V2).await;
    talk.send("the same edit", AMINA, &edit, &[AMINA]).await;
    talk.send("an edit by another", BELLO, &edit, &[BELLO])
        .await;
    let lost = change("message-edit", &json!(NOWHERE), "message", "Salaam, all");
    talk.send("an edit of nothing", AMINA, &lost, &[AMINA])
        .await;
    let react = change("reaction-add", &first, "emoji", "\u{1f44d}");
    talk.send("a reaction", BELLO, &react, &BOTH_V2).await;
    talk.send("another reaction", AMINA, &react, &BOTH_V2).await;
    let take = change("reaction-remove", &first, "emoji", "\u{1f44d}");
    talk.send("a reaction is taken back", BELLO, &take, &BOTH_V2)
        .await;
    talk.send("and again", BELLO, &take, &[BELLO]).await;
    let no_emoji = change("reaction-add", &first, "emoji", "thumb");
    talk.send("no emoji", BELLO, &no_emoji, &[BELLO]).await;
    let delete = asking(
        "4",
        "message-delete",
        &json!({"room_id": room.uuid(), "message_id": second}),
    );
    talk.send("a deletion by another", BELLO, &delete, &[BELLO])
        .await;
    talk.send("a deletion", AMINA, &delete, &BOTH_V2).await;
    talk.send("the same deletion", AMINA, &delete, &[AMINA])
        .await;

    let others = [AMINA_V1, AMINA, BELLO_V1];
    let typing = |is_typing| {
        packet(
            "typing",
            &json!({"room_id": room.uuid(), "is_typing": is_typing}),
        )
    };
    talk.send("typing", BELLO, &typing(true), &others).await;
    talk.send("no longer typing", BELLO, &typing(false), &others)
        .await;
    let others = [AMINA, BELLO_V1, BELLO];
    talk.send("typing over v1", AMINA_V1, &typing(true), &others)
        .await;
    talk.send("no longer over v1", AMINA_V1, &typing(false), &others)
        .await;
    let read = |seq: u32| {
        asking(
            "5",
            "read-mark",
            &json!({"room_id": room.uuid(), "seq": seq}),
        )
    };
    talk.send("read", AMINA, &read(4), &BOTH_V2).await;
    talk.send("read before that", AMINA, &read(1), &[AMINA])
        .await;
    talk.send("read past the end", AMINA, &read(99), &BOTH_V2)
        .await;

    let page = json!({"room_id": room.uuid(), "limit": 3, "skip": 1, "order": "asc"});
    let all = json!({"room_id": room.uuid()});
    for who in [AMINA_V1, AMINA] {
        for request in [&page, &all] {
            let list = asking("6", "list-message-request", request);
            talk.send("history", who, &list, &[who]).await;
        }
    }
    let sync = json!({"rooms": [
        {"room_id": room.uuid(), "last_seq": 3, "last_revision": 0},
        {"room_id": NOWHERE, "last_seq": 0},
    ]});
    talk.send(
        "what was missed",
        BELLO,
        &asking("7", "sync-request", &sync),
        &[BELLO],
    )
    .await;
    talk.end(&ALL).await;

    talk.heading("bello goes, one session after the other");
    for who in [BELLO, BELLO_V1] {
        talk.sessions[who].client.socket.close(None).await.unwrap();
        talk.hear(&[who]).await;
    }
    talk.hear(&[AMINA_V1, AMINA]).await;
    talk.end(&[AMINA_V1, AMINA]).await;
    talk.assert_recorded("conversation");
}

#[tokio::test]
async fn room_notifications_are_as_recorded() {
    let (mut talk, [amina, bello], room) = in_a_room(|_settings| {}).await;
    let path = format!("/api/v1/rooms/{room}");
    let rename = (
        Method::PATCH,
        path.as_str(),
        json!({"name": "Class of 1999"}),
    );
    talk.call("another name", &amina, rename, &BOTH_V2).await;
    let messages = format!("{path}/messages");
    let body = json!({"message": "from a form", "client_message_id": Uuid::from_u128(0xd)});
    let form = (Method::POST, messages.as_str(), body);
    talk.call("a message from a form", &amina, form, &ALL).await;

    let member = format!("{path}/members/{}", bello.id);
    let remove = (Method::DELETE, member.as_str(), Value::Null);
    talk.call("bello is removed", &amina, remove, &BOTH_V2)
        .await;
    let hello = asking(
        "1",
        "message-send",
        &json!({"room_id": room.uuid(), "message": "hello?"}),
    );
    for who in [BELLO_V1, BELLO] {
        talk.send("bello is no member", who, &hello, &[who]).await;
    }
    talk.send("without bello", AMINA, &hello, &[AMINA_V1, AMINA])
        .await;
    let members = format!("{path}/members");
    let add = (
        Method::POST,
        members.as_str(),
        json!({"member_ids": [bello.id.uuid()]}),
    );
    talk.call("bello is added", &amina, add.clone(), &BOTH_V2)
        .await;
    let leave = (Method::DELETE, member.as_str(), Value::Null);
    talk.call("bello leaves", &bello, leave, &BOTH_V2).await;
    talk.call("bello is invited", &amina, add, &[BELLO]).await;
    let sent = "SELECT id::text FROM room_invitations";
    let sent = talk.server.database().texts(sent);
    let accept = format!("/api/v1/room-invitations/{}/accept", sent[0]);
    let accept = (Method::POST, accept.as_str(), Value::Null);
    talk.call("bello accepts", &bello, accept, &BOTH_V2).await;
    let promote = (Method::PATCH, member.as_str(), json!({"role": "moderator"}));
    talk.call("bello is a moderator", &amina, promote, &BOTH_V2)
        .await;
    let archive = (Method::DELETE, path.as_str(), Value::Null);
    talk.call("the room is archived", &amina, archive, &BOTH_V2)
        .await;
    for who in [BELLO_V1, BELLO] {
        talk.send("read-only", who, &hello, &[who]).await;
    }
    talk.end(&ALL).await;
    talk.assert_recorded("rooms");
}

/// The types of packets that a client sends.
const KINDS: [&str; 12] = [
    "chat-join",
    "list-message-request",
    "message-delete",
    "message-edit",
    "message-send",
    "presence-request",
    "reaction-add",
    "reaction-remove",
    "read-mark",
    "sync-request",
    "token-renew",
    "typing",
];

#[tokio::test]
async fn error_packets_are_as_recorded() {
    let (mut talk, ..) = in_a_room(|_settings| {}).await;
    talk.heading("what is no packet, or not as it must be");
    for who in [AMINA_V1, AMINA] {
        for frame in [
            "{",
            "[]",
            "7",
            r#"{"payload":{}}"#,
            r#"{"type":7,"payload":{}}"#,
            r#"{"type":"typing"}"#,
            r#"{"type":"typing","payload":[]}"#,
            r#"{"type":"typing","ref":7,"payload":{}}"#,
            r#"{"type":"shout","ref":"a","payload":{}}"#,
            r#"{"type":"chat-join","ref":"a","payload":{"notice":"leave"}}"#,
        ] {
            talk.say(who, frame, &[who]).await;
        }
        for kind in KINDS {
            let lacking = asking("a", kind, &json!({}));
            talk.say(who, &lacking.to_string(), &[who]).await;
            let nowhere = json!({
                "room_id": NOWHERE, "message_id": NOWHERE, "message": "x", "emoji": "\u{1f44d}",
                "is_typing": true, "seq": 1, "rooms": [], "token": "x", "notice": 1,
            });
            let nowhere = asking("b", kind, &nowhere).to_string();
            talk.say(who, &nowhere, &[who]).await;
            let wrong = json!({
                "room_id": 1, "message_id": [], "message": " ", "emoji": "", "is_typing": "yes",
                "seq": 0, "rooms": [{"room_id": 1}], "token": 1, "notice": "", "limit": 0,
                "skip": -1, "order": "up", "after": 1,
            });
            let wrong = asking("c", kind, &wrong).to_string();
            talk.say(who, &wrong, &[who]).await;
        }
    }
    talk.end(&[AMINA_V1, AMINA]).await;
    talk.assert_recorded("errors");
}

#[tokio::test]
async fn rate_limit_errors_are_as_recorded() {
    let (mut talk, _, room) = in_a_room(|settings| settings.chat.messages_per_minute = 2).await;
    let hello = json!({"room_id": room.uuid(), "message": "hello"});
    let hello = asking("1", "message-send", &hello);
    for who in [AMINA_V1, AMINA] {
        talk.send("as fast as may be", who, &hello, &ALL).await;
    }
    for who in [AMINA_V1, AMINA] {
        talk.send("one too many", who, &hello, &[who]).await;
    }
    talk.end(&ALL).await;
    talk.assert_recorded("limits");
}

#[tokio::test]
async fn token_packets_are_as_recorded() {
    let mut talk = Conversation::start(|settings| {
        // Less than the notice, so that it comes at once.
        settings.auth.access_token_ttl = Duration::from_secs(30);
    })
    .await;
    let (amina, bello) = (talk.user("amina", 0xa), talk.user("bello", 0xb));
    talk.heading("amina connects");
    let session = talk.join("amina", &amina, Profile::V2).await;
    talk.hear(&[session, session]).await;
    for (heading, token) in [
        ("another token", talk.server.token(amina.id)),
        ("a token of another", talk.server.token(bello.id)),
        ("no token", "x".to_owned()),
    ] {
        talk.heading(heading);
        let renew = asking("1", "token-renew", &json!({"token": token}));
        let client = &mut talk.sessions[session].client;
        client.send_text(&renew.to_string()).await;
        talk.hear(&[session]).await;
    }
    talk.assert_recorded("tokens");
}

#[tokio::test]
async fn close_frames_are_as_recorded() {
    let mut talk = Conversation::start(|_settings| {}).await;
    let admin = talk.server.database().user().superuser().create();
    let amina = talk.user("amina", 0xa);
    let room = talk.server.database().group(amina.id).create().id;
    talk.mask.name(room.uuid(), "room");
    for (heading, frame) in [
        ("a goodbye", Message::Close(None)),
        ("a binary frame", Message::binary(vec![1, 2])),
        ("a long frame", Message::text("x".repeat(70_000))),
    ] {
        talk.heading(heading);
        for profile in [Profile::V1, Profile::V2] {
            let session = talk.join("amina", &amina, profile).await;
            if profile == Profile::V2 {
                talk.hear(&[session]).await;
            }
            let socket = &mut talk.sessions[session].client.socket;
            socket.send(frame.clone()).await.unwrap();
            talk.hear(&[session]).await;
        }
    }
    for (heading, path, by) in [
        ("logged out", "/api/v1/auth/logout".to_owned(), &amina),
        (
            "suspended",
            format!("/api/v1/users/{}/deactivate", amina.id),
            &admin,
        ),
    ] {
        talk.heading("amina connects");
        let old = talk.join("amina", &amina, Profile::V1).await;
        let new = talk.join("amina", &amina, Profile::V2).await;
        talk.hear(&[new]).await;
        let end = (Method::POST, path.as_str(), Value::Null);
        talk.call(heading, by, end, &[old, new]).await;
        talk.server.database().execute("DELETE FROM sessions");
    }
    talk.assert_recorded("ends");
}

#[tokio::test]
async fn closes_by_violation_and_shutdown_are_as_recorded() {
    let mut talk = Conversation::start(|settings| settings.chat.errors_per_minute = 1).await;
    let amina = talk.user("amina", 0xa);
    for heading in ["no mask", "no UTF-8", "two errors"] {
        talk.heading(heading);
        for profile in [Profile::V1, Profile::V2] {
            let session = talk.join("amina", &amina, profile).await;
            if profile == Profile::V2 {
                talk.hear(&[session]).await;
            }
            let socket = &mut talk.sessions[session].client.socket;
            match heading {
                "no mask" => {
                    let unmasked = [0x81, 0x01, b'x'];
                    socket.get_mut().write_all(&unmasked).await.unwrap();
                }
                "no UTF-8" => {
                    let frame = Frame::message(vec![0xff], OpCode::Data(Data::Text), true);
                    socket.send(Message::Frame(frame)).await.unwrap();
                }
                _ => {
                    for _ in 0..2 {
                        talk.say(session, "nonsense", &[session]).await;
                    }
                }
            }
            talk.hear(&[session]).await;
        }
    }
    talk.heading("the server stops");
    let old = talk.join("amina", &amina, Profile::V1).await;
    let new = talk.join("amina", &amina, Profile::V2).await;
    talk.hear(&[new]).await;
    let next = TestServer::start().await;
    mem::replace(&mut talk.server, next).stop().await;
    talk.hear(&[old, new]).await;
    // After the notice.
    talk.hear(&[new]).await;
    talk.assert_recorded("closes");
}

#[tokio::test]
async fn an_expired_token_closes_as_recorded() {
    let ttl = Duration::from_secs(2);
    let mut talk = Conversation::start(|settings| settings.auth.access_token_ttl = ttl).await;
    let amina = talk.user("amina", 0xa);
    talk.heading("amina connects");
    let old = talk.join("amina", &amina, Profile::V1).await;
    let new = talk.join("amina", &amina, Profile::V2).await;
    talk.hear(&[new, new]).await;
    talk.heading("the tokens expire");
    talk.hear(&[old, new]).await;
    talk.assert_recorded("expiry");
}

#[tokio::test]
async fn faults_of_the_server_are_as_recorded() {
    let cluster = PrivateCluster::start();
    let (mut talk, _, room) = in_a_room_on(cluster.database(), |_settings| {}).await;
    let hello = json!({"room_id": room.uuid(), "message": "hello"});
    let hello = asking("1", "message-send", &hello);
    let list = json!({"room_id": room.uuid()});
    let list = asking("2", "list-message-request", &list);
    talk.send("a message", AMINA, &hello, &ALL).await;
    let fault = "ALTER TABLE messages RENAME TO gone";
    talk.server.database().execute(fault);
    for who in [AMINA_V1, AMINA] {
        talk.send("a fault", who, &list, &[who]).await;
    }
    cluster.stop();
    for who in [AMINA_V1, AMINA] {
        for packet in [&hello, &list] {
            talk.send("the database is away", who, packet, &[who]).await;
        }
    }
    talk.assert_recorded("faults");
}
