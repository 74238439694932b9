//! The caller's own account.

use abu_chat_protocol::CloseCode;
use abu_test_support::ChatClient;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use super::support::{PASSWORD, Rig, pairs};

const ME: &str = "/api/v1/me";

#[tokio::test]
async fn a_patch_sets_removes_and_leaves_what_it_does_not_name() {
    let rig = Rig::start().await;
    let user = rig.user();
    let patch = |body: Value| {
        let call = rig.patch(ME).by(&user);
        let call = call.header("content-type", "application/merge-patch+json");
        async move { call.body(body.to_string()).send().await }
    };
    let set = json!({"firstname": " Hauwa ", "middlename": "Zahra", "phone": "0803 123 4567"});
    let me = patch(set).await.expect(200);
    for (field, value) in [
        ("firstname", json!("Hauwa")),
        ("middlename", json!("Zahra")),
        ("lastname", json!("Bello")),
        ("phone", json!("+2348031234567")),
    ] {
        assert_eq!(me[field], value, "{field}");
    }
    assert_ne!(me["last_modified"], me["created_at"]);
    let removed = patch(json!({"middlename": null, "phone": null}))
        .await
        .expect(200);
    assert_eq!(
        (&removed["middlename"], &removed["phone"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(removed["firstname"], "Hauwa");
    assert_eq!(patch(json!({})).await.expect(200), removed);
    assert_eq!(rig.get(ME).by(&user).send().await.expect(200), removed);
    rig.assert_stored(
        "(SELECT array_agg(details ORDER BY seq) FROM audit_log WHERE action = 'account.modify')
         = ARRAY['{\"fields\":\"firstname middlename phone\"}', '{\"fields\":\"middlename phone\"}']",
    );

    for (body, place, code) in [
        (json!({"firstname": null}), "/firstname", "type.text"),
        (json!({"lastname": ""}), "/lastname", "name.length"),
        (json!({"middlename": 7}), "/middlename", "type.text"),
        (json!({"phone": "12"}), "/phone", "phone.invalid"),
        (json!({"email": "a@example.com"}), "/email", "unknown"),
        (
            json!({"verification": "verified"}),
            "/verification",
            "unknown",
        ),
    ] {
        let refused = patch(body).await;
        assert_eq!(refused.mistakes(), pairs(&[(place, code)]));
    }
}

#[tokio::test]
async fn a_deactivated_account_reaches_only_itself_until_reactivated() {
    let rig = Rig::start().await;
    let user = rig.member();
    let friend = rig.user();
    let room = rig.database().group(friend.id).create().id;
    let session = rig.log_in_as(user.email.as_str(), PASSWORD).await;
    let elsewhere = rig.log_in_as(user.email.as_str(), PASSWORD).await;
    let chat = |token: &str| format!("ws://{}/chat?token={token}", rig.server.address());
    let mut sockets = [
        ChatClient::connect(&chat(&session)).await.unwrap(),
        ChatClient::connect(&chat(&elsewhere)).await.unwrap(),
    ];
    let deactivate = || rig.post("/api/v1/me/deactivate").with(&session).send();
    deactivate().await.expect_nothing();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, CloseCode::TokenExpired);
    }
    let ended = rig.get(ME).with(&elsewhere).send().await;
    ended.problem("invalid-token");
    let me = rig.get(ME).with(&session).send().await.expect(200);
    assert_eq!(me["is_deactivated"], true);
    deactivate().await.expect_nothing();

    for path in ["/api/v1/rooms", "/api/v1/users"] {
        let refused = rig.get(path).with(&session).send().await;
        assert_eq!(refused.status.as_u16(), 403);
        refused.problem("account-deactivated");
    }
    let ticket = rig.post("/api/v1/auth/ws-ticket").with(&session);
    ticket.send().await.problem("account-deactivated");
    let Err(tungstenite::Error::Http(refused)) = ChatClient::connect(&chat(&session)).await else {
        panic!("a hidden account is in the chat")
    };
    assert_eq!(refused.status().as_u16(), 403);
    let bring = || {
        let call = rig.post(&format!("/api/v1/rooms/{room}/members"));
        let body = json!({"member_ids": [user.id.uuid()]});
        call.by(&friend).json(&body).send()
    };
    let refused = bring().await;
    assert_eq!(
        refused.mistakes(),
        pairs(&[("/member_ids", "user.unknown")])
    );

    let reactivate = || rig.post("/api/v1/me/reactivate").with(&session).send();
    reactivate().await.expect_nothing();
    reactivate().await.expect_nothing();
    let me = rig.get(ME).with(&session).send().await.expect(200);
    assert_eq!(me["is_deactivated"], false);
    ChatClient::connect(&chat(&session)).await.unwrap();
    bring().await.expect(200);
    rig.assert_stored(
        "(SELECT array_agg(action ORDER BY seq) FROM audit_log WHERE action LIKE 'account.%')
         = ARRAY['account.deactivate', 'account.reactivate']",
    );
}
