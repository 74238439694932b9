//! Administration of the outbox over HTTP.

use std::time::Duration;

use abu_application::platform::{
    mail::{self, MailContent},
    ports::Clock,
    system::{SystemClock, SystemIds},
};
use abu_domain::{
    MailId,
    access::Permission,
    identity::user::User,
    platform::text::{EmailAddress, PersonName},
};
use abu_test_support::{SmtpBehavior, SmtpServer, TestDatabase, TestServer};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::support::{Rig, pairs};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

fn enqueue(database: &TestDatabase, content: MailContent) -> MailId {
    let recipient = EmailAddress::parse("amina@example.com").unwrap();
    database
        .transaction(|tx| mail::enqueue(tx, &SystemIds, SystemClock.now(), &recipient, content))
        .unwrap()
}

fn firstname() -> PersonName {
    PersonName::parse("Amina").unwrap()
}

fn account_exists() -> MailContent {
    MailContent::AccountExists {
        firstname: firstname(),
    }
}

async fn first_dead(rig: &Rig, admin: &User) -> Value {
    loop {
        let page = rig.get("/api/v1/admin/mails?state=dead").by(admin);
        let page = page.send().await.expect(200);
        if let Some(dead) = page["items"].as_array().unwrap().first() {
            return dead.clone();
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["uuid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_listed_and_retried_at_once() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Refuse(
        "550 5.1.1 <amina@example.com>: Recipient address rejected: User unknown",
    )]);
    let database = TestDatabase::new();
    let id = enqueue(&database, account_exists());
    let server = TestServer::start_on(database, |settings| {
        smtp.receive_from(settings);
        // Only what wakes it makes it look again.
        settings.mail.poll_interval = Duration::from_secs(86_400);
        // This test looks again and again.
        settings.rate_limits.enabled = false;
    })
    .await;
    let rig = Rig::on(server);
    let admin = rig.holder_of(&[Permission::ViewMail, Permission::ModifyMail]);
    let dead = timeout(EVENT_TIMEOUT, first_dead(&rig, &admin))
        .await
        .unwrap();
    let expected = json!({
        "uuid": id.to_string(),
        "kind": "account_exists",
        "state": "dead",
        "recipient": "a***@example.com",
        "attempts": 1,
        "created_at": dead["created_at"],
        "next_attempt_at": null,
        "failed_at": dead["failed_at"],
        "last_error": "the mail server answered 550 5.1.1",
        "sent_at": null,
    });
    assert_eq!(dead, expected);

    let path = format!("/api/v1/admin/mails/{id}/retry");
    let retried = rig.post(&path).by(&admin).send().await.expect(200);
    assert_eq!(retried["state"], "pending");
    assert_eq!(retried["attempts"], 0);
    assert_eq!(smtp.wait_for(1)[0].to, "amina@example.com");

    let again = rig.post(&path).by(&admin).send().await;
    assert_eq!(again.status.as_u16(), 409);
    assert_eq!(again.problem("conflict")["code"], "not-dead");
}

#[tokio::test]
async fn the_list_shows_what_its_filters_name_page_by_page() {
    let rig = Rig::start_with(|settings| {
        // All of them stay as they are.
        settings.mail.max_attempts = 0;
    })
    .await;
    let viewer = rig.holder_of(&[Permission::ViewMail]);
    let reset = MailContent::ResetPassword {
        reset_id: Uuid::new_v4(),
        firstname: firstname(),
    };
    let mails: Vec<_> = [account_exists(), reset.clone(), reset]
        .into_iter()
        .map(|content| enqueue(rig.database(), content).to_string())
        .collect();
    let page = |query: String| {
        let call = rig.get(&format!("/api/v1/admin/mails{query}")).by(&viewer);
        async move { call.send().await.expect(200) }
    };
    let first = page("?limit=2".to_owned()).await;
    assert_eq!(ids(&first), [mails[2].clone(), mails[1].clone()]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = page(format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&second), [mails[0].clone()]);
    assert!(second["next_cursor"].is_null());
    let of_kind = page("?kind=account_exists".to_owned()).await;
    assert_eq!(ids(&of_kind), [mails[0].clone()]);
    assert_eq!(ids(&page("?state=sent".to_owned()).await).len(), 0);

    let wrong = rig
        .get("/api/v1/admin/mails?state=lost&kind=letter")
        .by(&viewer);
    assert_eq!(
        wrong.send().await.mistakes(),
        pairs(&[("state", "state.unknown"), ("kind", "kind.unknown")])
    );
}

#[tokio::test]
async fn a_mail_that_is_not_there_cannot_be_sent_again() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyMail]);
    let path = format!("/api/v1/admin/mails/{}/retry", Uuid::now_v7());
    let answer = rig.post(&path).by(&admin).send().await;
    assert_eq!(answer.status.as_u16(), 404);
    answer.problem("not-found");
}
