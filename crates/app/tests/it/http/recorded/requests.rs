//! Every operation of the API description, with invalid input and as different callers.

use abu_domain::{
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::user::User,
};
use serde_json::{Map, Value, json};

use super::{
    super::{
        documentation::{Operation, body_schema, operations},
        permissions::{TABLE, request},
        support::{Rig, Subjects, password_hash},
    },
    Record,
};

/// A server without rate limits, whose mails stay as they are.
async fn rig() -> Rig {
    Rig::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.mail.max_attempts = 0;
    })
    .await
}

/// Waits until the server has given up every mail, which then stays as it is.
async fn no_mail_is_pending(rig: &Rig) {
    let pending = "SELECT count(*)::text FROM email_outbox WHERE state = 'pending'";
    while rig.database().texts(pending) != ["0"] {
        tokio::task::yield_now().await;
    }
}

/// A superuser who can log in.
fn superuser(rig: &Rig) -> User {
    let user = rig.database().user().superuser();
    user.in_group(SUPER_ADMIN_GROUP)
        .password_hash(password_hash())
        .create()
}

/// Values that break the rules of most fields.
fn wrong_values() -> [Value; 8] {
    [
        json!(null),
        json!(-1),
        json!(""),
        json!("\u{1}"),
        json!("no such thing"),
        json!("x".repeat(5_000)),
        json!(["no_such_name", "no_such_name", 1, "", "\u{1}"]),
        json!({"no such key": true, "another": 1}),
    ]
}

/// The value, short enough for a heading.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

#[tokio::test]
async fn the_problems_of_every_body_are_as_recorded() {
    let rig = rig().await;
    let description = rig.description().await;
    let mut record = Record::default();
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        let caller = superuser(&rig);
        let subjects = Subjects::of(&rig, &caller, Permission::ModifyRole);
        let Operation { method, path, .. } = &operation;
        let filled = subjects.fill(path, Permission::ModifyRole.name());
        let mut send = async |heading: &str, body: &Value| {
            let call = rig.call(method, &filled).by(&caller);
            let answer = call.header("if-match", "*").json(body).send().await;
            record.answer(&format!("{method} {path} {heading}"), &answer);
        };
        send("no field", &json!({})).await;
        send("unknown fields", &json!({"nickname": 1, "a/b~c": null})).await;
        for wrong in wrong_values() {
            let fields = schema["properties"].as_object().unwrap().keys();
            let body: Map<String, Value> =
                fields.map(|name| (name.clone(), wrong.clone())).collect();
            send(&shown(&wrong), &Value::Object(body)).await;
        }
    }
    record.assert_recorded("bodies");
}

#[tokio::test]
async fn the_problems_of_every_form_are_as_recorded() {
    let rig = rig().await;
    let mut record = Record::default();
    for fields in [
        &[][..],
        &[("username", ""), ("password", "")],
        &[("username", "nowhere"), ("password", "x"), ("scope", "all")],
        &[("username", "a@example.com"), ("password", "x")],
    ] {
        let call = rig.post("/api/v1/auth/docs-token").form(fields);
        record.problem(&format!("docs-token {fields:?}"), &call.send().await);
    }
    let json = rig.post("/api/v1/auth/docs-token").json(&json!({}));
    record.problem("docs-token as JSON", &json.send().await);
    record.assert_recorded("forms");
}

#[tokio::test]
async fn the_problems_of_every_query_parameter_are_as_recorded() {
    let rig = rig().await;
    let description = rig.description().await;
    let caller = superuser(&rig);
    let subjects = Subjects::of(&rig, &caller, Permission::ModifyRole);
    let mut record = Record::default();
    for Operation {
        method,
        path,
        value,
    } in operations(&description)
    {
        let filled = subjects.fill(&path, Permission::ModifyRole.name());
        let parameters = value["parameters"].as_array().into_iter().flatten();
        let in_query = parameters.filter(|parameter| parameter["in"] == "query");
        let named = in_query.map(|parameter| parameter["name"].as_str().unwrap());
        let wrong = named.flat_map(|name| {
            let values = ["", "%01", "no%20such%20thing", "-1"];
            values.map(|value| format!("{name}={value}"))
        });
        for query in ["no_such_parameter".to_owned()].into_iter().chain(wrong) {
            let call = rig.call(&method, &format!("{filled}?{query}")).by(&caller);
            let answer = call.send().await;
            record.answer(&format!("{method} {path}?{query}"), &answer);
        }
    }
    record.assert_recorded("parameters");
}

#[tokio::test]
async fn every_answer_to_a_stranger_is_as_recorded() {
    let rig = rig().await;
    let subjects = Subjects::of(&rig, &rig.user(), Permission::ModifyRole);
    let mut record = Record::default();
    for (method, path, _) in TABLE {
        let call = request(&rig, method, path, &subjects).by(&rig.member());
        record.answer(&format!("{method} {path}"), &call.send().await);
    }
    record.assert_recorded("strangers");
}

#[tokio::test]
async fn every_answer_about_what_does_not_exist_is_as_recorded() {
    let rig = rig().await;
    let nothing = Subjects::nothing();
    let mut record = Record::default();
    for (method, path, _) in TABLE {
        let call = request(&rig, method, path, &nothing).by(&superuser(&rig));
        no_mail_is_pending(&rig).await;
        record.answer(&format!("{method} {path}"), &call.send().await);
    }
    record.assert_recorded("nothing");
}

#[tokio::test]
async fn every_answer_to_a_superuser_is_as_recorded() {
    let rig = rig().await;
    let mut record = Record::default();
    for (method, path, _) in TABLE {
        let caller = superuser(&rig);
        let subjects = Subjects::of(&rig, &caller, Permission::ModifyRole);
        let call = request(&rig, method, path, &subjects).by(&caller);
        no_mail_is_pending(&rig).await;
        record.answer(&format!("{method} {path}"), &call.send().await);
    }
    record.assert_recorded("superusers");
}
