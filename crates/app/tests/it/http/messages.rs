//! Messages over HTTP: send, history, read marks, edits.

use abu_chat_protocol::{Emoji, ServerPacket, client::ReactionAdd};
use abu_domain::{RoomId, identity::user::User, messaging::room::RoomRole};
use abu_test_support::ChatClient;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, pairs};

async fn say(rig: &Rig, room: RoomId, by: &User, body: Value) -> Answer {
    let call = rig.post(&format!("/api/v1/rooms/{room}/messages"));
    call.by(by).json(&body).send().await
}

async fn read(rig: &Rig, room: RoomId, by: &User, query: &str) -> Value {
    let call = rig.get(&format!("/api/v1/rooms/{room}/messages{query}"));
    call.by(by).send().await.expect(200)
}

fn places(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["seq"].as_i64().unwrap())
        .collect()
}

/// The message without what its sender alone sees.
fn for_others(message: &Value) -> Value {
    let mut message = message.clone();
    message.as_object_mut().unwrap().remove("client_message_id");
    message
}

#[tokio::test]
async fn a_message_is_answered_as_it_is_stored() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(me.id).member(other.id).create().id;
    let own_id = Uuid::new_v4();
    let body = json!({"message": " sannu 👋\n", "client_message_id": own_id});
    let stored = say(&rig, room, &me, body).await.expect(201);
    let expected = json!({
        "message_id": stored["message_id"],
        "seq": 1,
        "room_id": room.uuid(),
        "sender_id": me.id.uuid(),
        "sender": {
            "user_uuid": me.id.uuid(),
            "firstname": me.firstname.as_str(),
            "lastname": me.lastname.as_str(),
        },
        "message": "sannu 👋",
        "timestamp": stored["timestamp"],
        "client_message_id": own_id,
    });
    assert_eq!(stored, expected);
    assert!(stored["timestamp"].as_str().unwrap().ends_with('Z'));

    let reply = json!({
        "message": "lafiya",
        "client_message_id": Uuid::new_v4(),
        "reply_to": stored["message_id"],
    });
    let reply = say(&rig, room, &other, reply).await.expect(201);
    assert_eq!(reply["reply_to"], stored["message_id"]);
    let page = read(&rig, room, &other, "").await;
    assert_eq!(page["items"], json!([reply, for_others(&stored)]));
    let page = read(&rig, room, &me, "").await;
    assert_eq!(page["items"], json!([for_others(&reply), stored]));
}

#[tokio::test]
async fn a_message_sent_again_is_stored_once() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let body = json!({"message": "once", "client_message_id": Uuid::new_v4()});
    let (first, second) = tokio::join!(
        say(&rig, room, &me, body.clone()),
        say(&rig, room, &me, body.clone()),
    );
    let third = say(&rig, room, &me, body).await.expect(201);
    assert_eq!(first.expect(201), third);
    assert_eq!(second.expect(201), third);
    assert_eq!(places(&read(&rig, room, &me, "").await), [1]);
}

#[tokio::test]
async fn one_client_message_id_is_one_text_in_each_room() {
    let rig = Rig::start().await;
    let me = rig.user();
    let group = || rig.database().group(me.id).create().id;
    let (room, elsewhere) = (group(), group());
    let id = Uuid::new_v4();
    let body = |text: &str| json!({"message": text, "client_message_id": id});
    say(&rig, room, &me, body("once")).await.expect(201);
    let refused = say(&rig, room, &me, body("another text")).await;
    assert_eq!(refused.problem("conflict")["code"], "client-message-id");
    let there = say(&rig, elsewhere, &me, body("another text")).await;
    assert_eq!(there.expect(201)["room_id"], elsewhere.to_string());
    assert_eq!(places(&read(&rig, room, &me, "").await), [1]);
}

#[tokio::test]
async fn a_message_that_breaks_rules_is_not_stored() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let elsewhere = rig.database().group(me.id).create().id;
    let foreign = rig.database().message(elsewhere, me.id, "elsewhere").id;
    let id = Uuid::new_v4();
    for (body, mistakes) in [
        (json!({}), &[("/message", "required")]),
        (
            json!({"message": " "}),
            &[("/client_message_id", "required")],
        ),
        (
            json!({"message": " ", "client_message_id": id}),
            &[("/message", "message.length")],
        ),
        (
            json!({"message": "x".repeat(4_001), "client_message_id": id}),
            &[("/message", "message.length")],
        ),
        (
            json!({"message": "a\0b", "client_message_id": id}),
            &[("/message", "message.control-character")],
        ),
        (
            json!({"message": "x", "client_message_id": "x"}),
            &[("/client_message_id", "uuid.invalid")],
        ),
        (
            json!({"message": "x", "client_message_id": id, "reply_to": Uuid::new_v4()}),
            &[("/reply_to", "reply_to.unknown")],
        ),
        (
            json!({"message": "x", "client_message_id": id, "reply_to": foreign.uuid()}),
            &[("/reply_to", "reply_to.unknown")],
        ),
    ] {
        let answer = say(&rig, room, &me, body.clone()).await;
        assert_eq!(answer.mistakes(), pairs(mistakes), "{body}");
    }
    assert!(places(&read(&rig, room, &me, "").await).is_empty());
}

#[tokio::test]
async fn the_longest_message_fits_however_it_is_written() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let longest = "\\ud83d\\ude00".repeat(4_000);
    let body = format!(
        r#"{{"message":"{longest}","client_message_id":"{}"}}"#,
        Uuid::new_v4()
    );
    let call = rig.post(&format!("/api/v1/rooms/{room}/messages")).by(&me);
    let call = call.header("content-type", "application/json").body(body);
    let stored = call.send().await.expect(201);
    assert_eq!(stored["message"].as_str().unwrap().chars().count(), 4_000);
}

#[tokio::test]
async fn history_is_read_backwards_page_by_page() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    for i in 1..=5 {
        rig.database().message(room, me.id, &format!("message {i}"));
    }
    let first = read(&rig, room, &me, "?limit=2").await;
    assert_eq!(places(&first), [5, 4]);
    // What is said meanwhile does not move what was asked for.
    rig.database().message(room, me.id, "message 6");
    let cursor =
        |page: &Value| format!("?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let second = read(&rig, room, &me, &cursor(&first)).await;
    assert_eq!(places(&second), [3, 2]);
    let third = read(&rig, room, &me, &cursor(&second)).await;
    assert_eq!(places(&third), [1]);
    assert!(third["next_cursor"].is_null());

    let back = |page: &Value| format!("?limit=2&cursor={}", page["prev_cursor"].as_str().unwrap());
    assert_eq!(places(&read(&rig, room, &me, &back(&third)).await), [3, 2]);
    let newer = read(&rig, room, &me, &back(&second)).await;
    assert_eq!(places(&newer), [5, 4]);
    let newest = read(&rig, room, &me, &back(&newer)).await;
    assert_eq!(places(&newest), [6]);
    assert!(newest["prev_cursor"].is_null());
}

#[tokio::test]
async fn pages_of_long_messages_end_early_in_both_directions() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let text = "\"".repeat(4_000);
    for _ in 0..70 {
        rig.database().message(room, me.id, &text);
    }
    let (mut query, mut seen, mut pages) = ("?limit=100".to_owned(), Vec::new(), Vec::new());
    loop {
        let page = read(&rig, room, &me, &query).await;
        assert!(page["items"].to_string().len() <= 256 * 1024);
        seen.extend(places(&page));
        let next = page["next_cursor"].as_str().map(str::to_owned);
        pages.push(page);
        match next {
            Some(cursor) => query = format!("?limit=100&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, (1..=70).rev().collect::<Vec<i64>>());
    assert_eq!(pages.len(), 3);
    let back = pages[2]["prev_cursor"].as_str().unwrap();
    let before = read(&rig, room, &me, &format!("?limit=100&cursor={back}")).await;
    assert_eq!(places(&before), places(&pages[1]), "the nearest ones");
    assert!(before["prev_cursor"].is_string() && before["next_cursor"].is_string());
}

#[tokio::test]
async fn a_window_of_places_is_read_without_its_ends() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    for i in 1..=9 {
        rig.database().message(room, me.id, &format!("message {i}"));
    }
    for (query, expected) in [
        ("?after_seq=6", &[9, 8, 7][..]),
        ("?before_seq=3", &[2, 1]),
        ("?after_seq=2&before_seq=5", &[4, 3]),
        ("?after_seq=9", &[]),
        ("?before_seq=1", &[]),
        ("?after_seq=5&before_seq=5", &[]),
        ("?before_seq=9223372036854775807&limit=1", &[9]),
        ("?after_seq=9223372036854775807", &[]),
    ] {
        assert_eq!(
            places(&read(&rig, room, &me, query).await),
            expected,
            "{query}"
        );
    }
    let page = read(&rig, room, &me, "?after_seq=2&before_seq=8&limit=3").await;
    assert_eq!(places(&page), [7, 6, 5]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let query = format!("?after_seq=2&before_seq=8&limit=3&cursor={cursor}");
    let rest = read(&rig, room, &me, &query).await;
    assert_eq!(places(&rest), [4, 3]);
    assert!(rest["next_cursor"].is_null());
    let cursor = rest["prev_cursor"].as_str().unwrap();
    let query = format!("?after_seq=2&before_seq=8&limit=9&cursor={cursor}");
    let back = read(&rig, room, &me, &query).await;
    assert_eq!(places(&back), [7, 6, 5]);
    assert!(back["prev_cursor"].is_null());

    let wrong = rig.get(&format!(
        "/api/v1/rooms/{room}/messages?after_seq=-1&before_seq=x"
    ));
    let mistakes = wrong.by(&me).send().await.mistakes();
    assert_eq!(
        mistakes,
        pairs(&[("after_seq", "seq.invalid"), ("before_seq", "seq.invalid")])
    );
}

/// The answer to marking the messages up to this place as read.
async fn mark(rig: &Rig, room: RoomId, by: &User, body: Value) -> Answer {
    let call = rig.call("PUT", &format!("/api/v1/rooms/{room}/read"));
    call.by(by).json(&body).send().await
}

#[tokio::test]
async fn a_read_mark_only_moves_forward_and_sets_the_unread_count() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(other.id).member(me.id).create().id;
    for n in 1..=5 {
        rig.database()
            .message(room, other.id, &format!("message {n}"));
    }
    let listed = async || {
        let page = rig.get("/api/v1/rooms").by(&me).send().await.expect(200);
        let listed = page["items"][0].clone();
        (
            listed["last_read_seq"].clone(),
            listed["unread_count"].clone(),
        )
    };
    assert_eq!(listed().await, (json!(0), json!(5)));
    for (seq, stands, unread) in [(3, 3, 2), (1, 3, 2), (0, 3, 2), (u64::MAX, 5, 0)] {
        let answer = mark(&rig, room, &me, json!({"seq": seq})).await.expect(200);
        let expected = json!({"last_read_seq": stands, "unread_count": unread});
        assert_eq!(answer, expected, "{seq}");
        assert_eq!(listed().await, (json!(stands), json!(unread)));
    }
    for body in [json!({"seq": -1}), json!({"seq": 1.5}), json!({"seq": "1"})] {
        let answer = mark(&rig, room, &me, body.clone()).await;
        assert_eq!(
            answer.mistakes(),
            pairs(&[("/seq", "type.whole")]),
            "{body}"
        );
    }
    let nothing = mark(&rig, room, &me, json!({})).await;
    assert_eq!(nothing.mistakes(), pairs(&[("/seq", "required")]));
}

#[tokio::test]
async fn what_i_say_is_not_unread_for_me() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let body = json!({"message": "hello", "client_message_id": Uuid::new_v4()});
    say(&rig, room, &me, body).await.expect(201);
    let page = rig.get("/api/v1/rooms").by(&me).send().await.expect(200);
    assert_eq!(page["items"][0]["unread_count"], 0);
}

/// Sends a message over HTTP, and answers with its id.
async fn said(rig: &Rig, room: RoomId, by: &User, text: &str) -> String {
    let body = json!({"message": text, "client_message_id": Uuid::new_v4()});
    let stored = say(rig, room, by, body).await.expect(201);
    stored["message_id"].as_str().unwrap().to_owned()
}

async fn edit(rig: &Rig, room: RoomId, id: &str, by: &User, body: Value) -> Answer {
    let call = rig.patch(&format!("/api/v1/rooms/{room}/messages/{id}"));
    call.by(by).json(&body).send().await
}

async fn delete(rig: &Rig, room: RoomId, id: &str, by: &User) -> Answer {
    let call = rig.delete(&format!("/api/v1/rooms/{room}/messages/{id}"));
    call.by(by).send().await
}

#[tokio::test]
async fn an_edited_message_is_shown_so_everywhere() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(me.id).member(other.id).create().id;
    let (mut socket, _) = ChatClient::connect_v2(&rig.server.chat_url(other.id))
        .await
        .unwrap();
    let id = said(&rig, room, &me, "helo").await;
    socket.message().await;

    let edited = edit(&rig, room, &id, &me, json!({"message": " hello "}))
        .await
        .expect(200);
    assert_eq!(edited["message"], "hello");
    assert_eq!(
        (&edited["seq"], &edited["revision"]),
        (&json!(1), &json!(1))
    );
    assert!(edited["edited_at"].as_str().unwrap().ends_with('Z'));
    assert!(edited.get("deleted").is_none() && edited.get("reactions").is_none());
    match socket.packet().await {
        ServerPacket::MessageUpdated(updated) => {
            assert_eq!(updated.message, "hello");
            assert_eq!(updated.message_id.as_str(), id);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&rig, room, &me, "").await["items"], json!([edited]));
    let shown = for_others(&edited);
    assert_eq!(read(&rig, room, &other, "").await["items"], json!([shown]));
    let rooms = rig.get("/api/v1/rooms").by(&other).send().await.expect(200);
    assert_eq!(rooms["items"][0]["last_message"], shown);
}

#[tokio::test]
async fn a_deleted_message_keeps_its_place_and_nothing_else() {
    let rig = Rig::start().await;
    let (me, moderator) = (rig.user(), rig.user());
    let room = rig
        .database()
        .group(rig.user().id)
        .member(me.id)
        .with_role(moderator.id, RoomRole::Moderator)
        .create()
        .id;
    let id = said(&rig, room, &me, "oh no").await;
    let (mut socket, _) = ChatClient::connect_v2(&rig.server.chat_url(me.id))
        .await
        .unwrap();
    let thumb = Emoji::new("\u{1f44d}").unwrap();
    socket
        .send(ReactionAdd::new(room.uuid(), id.as_str(), thumb))
        .await;
    socket.packet().await;
    let shown = read(&rig, room, &me, "").await["items"][0].clone();
    let reaction = json!({"emoji": "\u{1f44d}", "count": 1, "user_ids": [me.id.uuid()]});
    assert_eq!(shown["reactions"], json!([reaction]));

    delete(&rig, room, &id, &moderator).await.expect_nothing();
    delete(&rig, room, &id, &moderator).await.expect_nothing();
    match socket.packet().await {
        ServerPacket::MessageUpdated(updated) => assert!(updated.deleted),
        other => panic!("{other:?}"),
    }
    let shown = read(&rig, room, &me, "").await["items"][0].clone();
    assert_eq!(
        (&shown["message"], &shown["deleted"]),
        (&json!(""), &json!(true))
    );
    assert_eq!((&shown["seq"], &shown["revision"]), (&json!(1), &json!(2)));
    assert!(shown.get("reactions").is_none());
    let problem = edit(&rig, room, &id, &me, json!({"message": "back"})).await;
    problem.problem("not-found");
}

#[tokio::test]
async fn one_message_is_read_with_the_tag_for_its_next_change() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let id = said(&rig, room, &me, "sannu").await;
    let path = format!("/api/v1/rooms/{room}/messages/{id}");
    let one = rig.get(&path).by(&me).send().await;
    let tag = one.header("etag").to_owned();
    assert_eq!(one.expect(200), read(&rig, room, &me, "").await["items"][0]);
    let again = rig.get(&path).by(&me).header("if-none-match", &tag);
    assert_eq!(again.send().await.status.as_u16(), 304);
    for status in [200, 412] {
        let edit = rig.patch(&path).by(&me).header("if-match", &tag);
        let edit = edit.json(&json!({"message": "sannu again"})).send().await;
        assert_eq!(edit.status.as_u16(), status);
    }
    delete(&rig, room, &id, &me).await.expect_nothing();
    let gone = rig.get(&path).by(&me).send().await.expect(200);
    assert_eq!(
        (&gone["deleted"], &gone["message"]),
        (&json!(true), &json!(""))
    );
    let unknown = format!("/api/v1/rooms/{room}/messages/{}", Uuid::new_v4());
    rig.get(&unknown).by(&me).send().await.problem("not-found");
}

#[tokio::test]
async fn a_page_around_a_message_goes_on_in_both_directions() {
    let rig = Rig::start().await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let messages: Vec<String> = (1..=9)
        .map(|i| {
            rig.database()
                .message(room, me.id, &format!("message {i}"))
                .id
                .to_string()
        })
        .collect();
    let query = format!("?around={}&limit=3", messages[4]);
    let page = read(&rig, room, &me, &query).await;
    assert_eq!(places(&page), [6, 5, 4]);
    for (cursor, expected) in [("next_cursor", [3, 2, 1]), ("prev_cursor", [9, 8, 7])] {
        let cursor = page[cursor].as_str().unwrap();
        let beside = read(&rig, room, &me, &format!("{query}&cursor={cursor}")).await;
        assert_eq!(places(&beside), expected);
    }
    let ascending = read(&rig, room, &me, &format!("{query}&sort=seq")).await;
    assert_eq!(places(&ascending), [4, 5, 6]);
    let oldest = read(
        &rig,
        room,
        &me,
        &format!("?around={}&limit=3&count=true", messages[0]),
    )
    .await;
    assert_eq!(places(&oldest), [3, 2, 1]);
    assert!(oldest["next_cursor"].is_null() && oldest["prev_cursor"].is_string());
    assert_eq!(oldest["total"]["value"], 9);

    let path = |query: &str| format!("/api/v1/rooms/{room}/messages{query}");
    let wrong = rig.get(&path(&format!("{query}&after_seq=1"))).by(&me);
    assert_eq!(
        wrong.send().await.mistakes(),
        pairs(&[("around", "around.window")])
    );
    let wrong = rig.get(&path("?around=5")).by(&me);
    assert_eq!(
        wrong.send().await.mistakes(),
        pairs(&[("around", "uuid.invalid")])
    );
    let unknown = rig
        .get(&path(&format!("?around={}", Uuid::new_v4())))
        .by(&me);
    unknown.send().await.problem("not-found");
}

#[tokio::test]
async fn a_reaction_reaches_open_sockets_and_is_taken_back() {
    let rig = Rig::start().await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(me.id).member(other.id).create().id;
    let id = said(&rig, room, &other, "sannu").await;
    let (mut socket, _) = ChatClient::connect_v2(&rig.server.chat_url(other.id))
        .await
        .unwrap();
    let path = |emoji: &str| format!("/api/v1/rooms/{room}/messages/{id}/reactions/{emoji}");
    // A heart without its variation selector comes back with it; a keycap has a number sign.
    for (sent, emoji) in [
        ("%E2%9D%A4", "\u{2764}\u{fe0f}"),
        ("%23%EF%B8%8F%E2%83%A3", "#\u{fe0f}\u{20e3}"),
    ] {
        let added = rig.call("PUT", &path(sent)).by(&me).send().await;
        let message = added.expect(200);
        let newest = message["reactions"].as_array().unwrap().last().unwrap();
        let expected = json!({"emoji": emoji, "count": 1, "user_ids": [me.id.uuid()]});
        assert_eq!(newest, &expected);
        assert_eq!(message["sender"]["user_uuid"], other.id.to_string());
        match socket.packet().await {
            ServerPacket::ReactionNotify(notify) => assert_eq!(notify.emoji.as_str(), emoji),
            other => panic!("{other:?}"),
        }
        for _ in 0..2 {
            let removed = rig.call("DELETE", &path(sent)).by(&me).send().await;
            removed.expect_nothing();
        }
        socket.packet().await;
    }
    for emoji in ["x", "%F0%9F%91%8D%F0%9F%91%8D", "%20", "1"] {
        for method in ["PUT", "DELETE"] {
            let refused = rig.call(method, &path(emoji)).by(&me).send().await;
            assert_eq!(refused.status.as_u16(), 422, "{method} {emoji}");
            assert_eq!(refused.mistakes()[0].0, "/emoji");
        }
    }
}
