//! End-to-end mail delivery from the outbox to an SMTP server.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use abu_application::{
    identity::ports::{LinkPurpose, LinkTokens},
    platform::{
        mail::{self, MailContent, MailState},
        ports::{Clock, MailRecord},
        readiness::ServingState,
        system::{SystemClock, SystemIds},
        wake::Wake,
    },
};
use abu_domain::{
    MailId,
    platform::text::{EmailAddress, PersonName},
};
use abu_mail::{MailWorker, SmtpLogIn, SmtpSecurity};
use abu_security::{HmacClaimCodes, HmacLinkTokens};
use abu_settings::{Environment, Settings, Sources};
use abu_test_support::{
    PrivateCluster, ReceivedMail, SECRET, SmtpBehavior, SmtpServer, TestDatabase, TestServer,
};
use mailparse::{MailHeaderMap, ParsedMail, parse_mail};
use secrecy::ExposeSecret;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::program::{Program, abu_server, folder};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

const RECIPIENT: &str = "amina.bello@example.com";

fn verification() -> Uuid {
    Uuid::from_u128(7)
}

fn enqueue_to(database: &TestDatabase, recipient: &str) -> MailId {
    let recipient = EmailAddress::parse(recipient).unwrap();
    let content = MailContent::VerifyEmail {
        verification_id: verification(),
        firstname: PersonName::parse("Ṣadé").unwrap(),
    };
    database
        .transaction(|tx| mail::enqueue(tx, &SystemIds, SystemClock.now(), &recipient, content))
        .unwrap()
}

fn enqueue(database: &TestDatabase) -> MailId {
    enqueue_to(database, RECIPIENT)
}

fn record(database: &TestDatabase, id: MailId) -> MailRecord {
    database.read(|tx| tx.mail(id)).unwrap().unwrap()
}

/// The mail, as soon as that holds for it.
#[track_caller]
fn wait_for(
    database: &TestDatabase,
    id: MailId,
    holds: impl Fn(&MailRecord) -> bool,
) -> MailRecord {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    loop {
        let record = record(database, id);
        if holds(&record) {
            return record;
        }
        assert!(Instant::now() < deadline, "{record:?}");
        std::thread::yield_now();
    }
}

#[track_caller]
fn wait_for_state(database: &TestDatabase, id: MailId, state: MailState) -> MailRecord {
    wait_for(database, id, |record| record.state == state)
}

/// As if the time of the next attempt had come.
fn make_due(database: &TestDatabase) {
    database.execute("UPDATE email_outbox SET next_attempt_at = now()");
}

async fn server_on(
    smtp: &SmtpServer,
    database: TestDatabase,
    change: impl FnOnce(&mut Settings),
) -> TestServer {
    TestServer::start_on(database, |settings| {
        smtp.receive_from(settings);
        change(settings);
    })
    .await
}

fn body_of(parsed: &ParsedMail<'_>, media_type: &str) -> String {
    let part = parsed
        .parts()
        .find(|part| part.ctype.mimetype == media_type)
        .unwrap();
    part.get_body().unwrap()
}

fn message_id(mail: &ReceivedMail) -> String {
    let parsed = parse_mail(mail.message.as_bytes()).unwrap();
    parsed.headers.get_first_value("Message-ID").unwrap()
}

fn assert_arrived_whole(mail: &ReceivedMail, id: MailId) {
    assert_eq!(mail.from, "no-reply@example.com");
    assert_eq!(mail.to, RECIPIENT);
    assert!(mail.message.is_ascii(), "{}", mail.message);
    let parsed = parse_mail(mail.message.as_bytes()).unwrap();
    for (name, value) in [
        ("From", "ABU Alumni Connect <no-reply@example.com>"),
        ("Reply-To", "office@example.com"),
        ("To", RECIPIENT),
        ("Subject", "Confirm your e-mail address"),
        ("Message-ID", &format!("<{id}@example.com>")),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        let found = parsed.headers.get_all_values(name);
        let unquoted: Vec<_> = found.iter().map(|found| found.replace('"', "")).collect();
        assert_eq!(unquoted, [value], "{name}");
    }
    assert!(parsed.headers.get_first_value("Date").is_some());
    assert_eq!(parsed.ctype.mimetype, "multipart/alternative");
    let token =
        HmacLinkTokens::new(SECRET.as_bytes()).text(LinkPurpose::VerifyEmail, verification());
    let link = format!("http://localhost:3000/verify-email?token={token}");
    let (text, html) = (
        body_of(&parsed, "text/plain"),
        body_of(&parsed, "text/html"),
    );
    for body in [&text, &html] {
        assert!(body.contains(&link), "{body}");
        assert!(body.contains("Hello Ṣadé,"), "{body}");
    }
    assert!(html.contains(&format!("href=\"{link}\"")), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_arrives_whole_however_the_mail_server_is_spoken_to() {
    for (security, log_in) in [
        (SmtpSecurity::None, None),
        (SmtpSecurity::StartTls, Some(("abu", "a password, ƙwarai"))),
        (SmtpSecurity::Tls, Some(("abu", "a password"))),
    ] {
        let smtp = SmtpServer::start_with(security, log_in);
        let server = server_on(&smtp, TestDatabase::new(), |settings| {
            settings.mail.reply_to = Some("office@example.com".parse().unwrap());
        })
        .await;
        let id = enqueue(server.database());
        let received = smtp.wait_for(1);
        assert_arrived_whole(&received[0], id);
        assert_eq!(received[0].encrypted, security != SmtpSecurity::None);
        assert_eq!(received[0].logged_in, log_in.is_some());
        let sent = wait_for_state(server.database(), id, MailState::Sent);
        assert_eq!((sent.attempts, sent.last_error), (1, None));
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postponed_mail_is_sent_once_when_due() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Refuse(
        "451 4.7.1 <amina.bello@example.com>: come back later",
    )]);
    let server = server_on(&smtp, TestDatabase::new(), |_settings| {}).await;
    let database = server.database();
    let id = enqueue(database);
    let waiting = wait_for(database, id, |record| record.failed_at.is_some());
    assert_eq!(waiting.state, MailState::Pending);
    assert_eq!(
        waiting.last_error.as_deref(),
        Some("the mail server answered 451 4.7.1")
    );
    assert!(waiting.next_attempt_at > waiting.failed_at);
    make_due(database);
    let sent = wait_for_state(database, id, MailState::Sent);
    assert_eq!(sent.attempts, 2);
    assert_eq!(smtp.received().len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_does_not_block_other_mails() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Refuse("421 4.7.0 Not this one")]);
    let (database, bad) = {
        let database = TestDatabase::new();
        let bad = enqueue(&database);
        (database, bad)
    };
    let good = enqueue(&database);
    let server = server_on(&smtp, database, |_settings| {}).await;
    wait_for_state(server.database(), good, MailState::Sent);
    let waiting = wait_for(server.database(), bad, |record| record.failed_at.is_some());
    assert_eq!((waiting.state, waiting.attempts), (MailState::Pending, 1));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_given_up_after_its_last_attempt() {
    let smtp = SmtpServer::start();
    smtp.script([
        SmtpBehavior::Refuse("452 4.3.1 Full"),
        SmtpBehavior::BreakOff,
    ]);
    let server = server_on(&smtp, TestDatabase::new(), |settings| {
        settings.mail.max_attempts = 2;
    })
    .await;
    let database = server.database();
    let id = enqueue(database);
    wait_for(database, id, |record| record.failed_at.is_some());
    make_due(database);
    let dead = wait_for_state(database, id, MailState::Dead);
    assert_eq!(dead.attempts, 2);
    assert_eq!(
        dead.last_error.as_deref(),
        Some("the connection to the mail server broke")
    );
    assert!(smtp.received().is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_broken_attempts_make_a_dead_letter_and_old_mails_expire() {
    let (smtp, database) = (SmtpServer::start(), TestDatabase::new());
    let (deadly, old) = (enqueue(&database), enqueue(&database));
    database.execute(&format!(
        "UPDATE email_outbox SET attempts = 12 WHERE id = '{deadly}';
         UPDATE email_outbox SET state = 'sent', sent_at = now() - interval '31 days'
         WHERE id = '{old}'"
    ));
    let server = server_on(&smtp, database.clone(), |_settings| {}).await;
    let dead = wait_for_state(&database, deadly, MailState::Dead);
    let reason = dead.last_error.unwrap();
    assert_eq!(reason, "too many attempts were broken off");
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while database.read(|tx| tx.mail(old)).unwrap().is_some() {
        assert!(Instant::now() < deadline, "it is still there");
        std::thread::yield_now();
    }
    assert!(smtp.received().is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unconfirmed_mail_is_sent_again_with_the_same_message_id() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::LoseAnswer]);
    let server = server_on(&smtp, TestDatabase::new(), |_settings| {}).await;
    let id = enqueue(server.database());
    wait_for(server.database(), id, |record| record.failed_at.is_some());
    make_due(server.database());
    wait_for_state(server.database(), id, MailState::Sent);
    let received = smtp.received();
    assert_eq!(received.len(), 2);
    assert_eq!(message_id(&received[0]), message_id(&received[1]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_says_nothing_is_not_waited_for_for_ever() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Stall]);
    let server = server_on(&smtp, TestDatabase::new(), |settings| {
        settings.mail.smtp.as_mut().unwrap().timeout = Duration::from_millis(200);
    })
    .await;
    let id = enqueue(server.database());
    let waiting = wait_for(server.database(), id, |record| record.failed_at.is_some());
    assert_eq!(
        waiting.last_error.as_deref(),
        Some("the mail server takes too long")
    );
    let other = enqueue(server.database());
    wait_for_state(server.database(), other, MailState::Sent);
    server.stop().await;
}

/// Each read takes less than the timeout, so only a deadline of the whole delivery ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_dribbles_is_not_waited_for_for_ever() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Dribble]);
    let short = |settings: &mut Settings| {
        settings.mail.smtp.as_mut().unwrap().timeout = Duration::from_millis(500);
    };
    let server = server_on(&smtp, TestDatabase::new(), short).await;
    let database = server.database();
    let id = enqueue(database);
    let waiting = wait_for(database, id, |record| record.failed_at.is_some());
    let reason = Some("the mail server takes too long");
    assert_eq!(waiting.last_error.as_deref(), reason);
    assert_eq!((waiting.state, waiting.attempts), (MailState::Pending, 1));
    server.stop().await;

    let smtp = SmtpServer::start();
    smtp.greet_without_end();
    let server = server_on(&smtp, TestDatabase::new(), short).await;
    let database = server.database();
    let id = enqueue(database);
    let waiting = wait_for(database, id, |record| record.failed_at.is_some());
    assert_eq!(waiting.last_error.as_deref(), reason);
    assert_eq!(waiting.attempts, 0);
    server.stop().await;
}

/// A worker beside that of the server, as a takeover may leave for a moment.
fn worker_on(smtp: &SmtpServer, database: &TestDatabase) -> MailWorker {
    let mut settings = Settings::load(&Sources::built_in(Environment::Test)).unwrap();
    smtp.receive_from(&mut settings);
    let secret = b"a secret of the test's own";
    let links = Arc::new(HmacLinkTokens::new(secret));
    let codes = Arc::new(HmacClaimCodes::new(secret));
    let folder = settings.data.mail_folder();
    abu_mail::start(
        &settings.mail,
        folder,
        database.store(),
        links,
        codes,
        Wake::default(),
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_on_one_database_send_each_mail_once() {
    let smtp = SmtpServer::start();
    let database = TestDatabase::new();
    let one = server_on(&smtp, database.clone(), |_settings| {}).await;
    let other = worker_on(&smtp, &database);
    let mails: Vec<_> = (0..300).map(|_| enqueue(&database)).collect();
    for id in &mails {
        wait_for_state(&database, *id, MailState::Sent);
    }
    let received = smtp.received();
    let unique: BTreeSet<_> = received.iter().map(message_id).collect();
    assert_eq!((received.len(), unique.len()), (300, 300));
    one.stop().await;
    spawn_blocking(move || other.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_sends_loses_nothing() {
    let smtp = SmtpServer::start();
    let (folder, database) = (folder(), TestDatabase::new());
    let start = || {
        Program::start(
            abu_server(&folder)
                .env("ABU__DATABASE__URL", database.url().expose_secret())
                .env("ABU__MAIL__SMTP_HOST", "localhost")
                .env("ABU__MAIL__SMTP_PORT", smtp.port().to_string())
                .env("ABU__MAIL__SMTP_SECURITY", "none")
                .env("ABU__MAIL__POLL_INTERVAL", "0.05"),
        )
    };
    let mut server = start();
    server.address();
    smtp.script([SmtpBehavior::Stall]);
    let id = enqueue(&database);
    smtp.wait_for_stall();
    server.kill();
    let other = enqueue(&database);

    // It is claimed for some time still, so the other one comes first.
    let _server = start();
    wait_for_state(&database, other, MailState::Sent);
    assert_eq!(record(&database, id).state, MailState::Pending);
    database.execute("UPDATE email_outbox SET leased_until = now()");
    let sent = wait_for_state(&database, id, MailState::Sent);
    assert_eq!(sent.attempts, 2);
    assert_eq!(smtp.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_the_mail_that_is_being_sent() {
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Stall]);
    let server = server_on(&smtp, TestDatabase::new(), |_settings| {}).await;
    let database = server.database().clone();
    let id = enqueue(&database);
    smtp.wait_for_stall();
    let (readiness, after) = (server.readiness().clone(), enqueue(&database));
    let stopping = tokio::spawn(server.stop());
    readiness.reaches(ServingState::Draining).await;
    smtp.release();
    stopping.await.unwrap();
    assert_eq!(record(&database, id).state, MailState::Sent);
    assert_eq!(record(&database, after).attempts, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_sent_during_a_database_outage_is_recorded_later() {
    let mut cluster = PrivateCluster::start();
    let smtp = SmtpServer::start();
    smtp.script([SmtpBehavior::Stall]);
    let server = server_on(&smtp, cluster.database(), |_settings| {}).await;
    let database = server.database().clone();
    let id = enqueue(&database);
    smtp.wait_for_stall();
    cluster.stop();
    server.readiness().reaches(ServingState::DatabaseAway).await;
    smtp.release();
    smtp.wait_for(1);
    cluster.start_again();
    wait_for_state(&database, id, MailState::Sent);
    // It goes on, too.
    let next = enqueue(&database);
    wait_for_state(&database, next, MailState::Sent);
    assert_eq!(smtp.received().len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_refuses_the_client_costs_no_attempts() {
    let wrong_password = |settings: &mut Settings| {
        settings.mail.smtp.as_mut().unwrap().log_in = Some(SmtpLogIn {
            username: "abu".to_owned(),
            password: "hunter2-hunter2".into(),
        });
    };
    let not_trusted = |settings: &mut Settings| {
        settings.mail.smtp.as_mut().unwrap().authority = None;
    };
    let no_tls_there = |settings: &mut Settings| {
        settings.mail.smtp.as_mut().unwrap().security = SmtpSecurity::StartTls;
    };
    let nobody_there = |settings: &mut Settings| {
        settings.mail.smtp.as_mut().unwrap().port = 1;
    };
    type Change = fn(&mut Settings);
    let cases: [(SmtpSecurity, Change, &str); 5] = [
        (SmtpSecurity::StartTls, wrong_password, "answered 535 5.7.8"),
        (SmtpSecurity::StartTls, not_trusted, "certificate"),
        (SmtpSecurity::Tls, not_trusted, "certificate"),
        (
            SmtpSecurity::None,
            no_tls_there,
            "STARTTLS is not supported",
        ),
        (SmtpSecurity::None, nobody_there, "refused"),
    ];
    for (security, change, reason) in cases {
        let log_in = (security != SmtpSecurity::None).then_some(("abu", "a password"));
        let smtp = SmtpServer::start_with(security, log_in);
        let database = TestDatabase::new();
        let refused = server_on(&smtp, database.clone(), change).await;
        let id = enqueue(&database);
        let waiting = wait_for(&database, id, |record| record.failed_at.is_some());
        let said = waiting.last_error.clone().unwrap();
        assert!(said.contains(reason), "{said}");
        assert!(
            !said.contains("hunter2") && !said.contains("amina"),
            "{said}"
        );
        assert_eq!((waiting.state, waiting.attempts), (MailState::Pending, 0));
        refused.stop().await;
        assert!(smtp.received().is_empty());

        let right = server_on(&smtp, database.clone(), |_settings| {}).await;
        assert_eq!(wait_for_state(&database, id, MailState::Sent).attempts, 1);
        right.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_non_ascii_address_is_a_dead_letter_without_smtputf8() {
    let smtp = SmtpServer::start();
    let server = server_on(&smtp, TestDatabase::new(), |_settings| {}).await;
    let id = enqueue_to(server.database(), "ṣadé@example.com");
    let dead = wait_for_state(server.database(), id, MailState::Dead);
    assert!(dead.last_error.unwrap().contains("beyond ASCII"));
    let other = enqueue(server.database());
    wait_for_state(server.database(), other, MailState::Sent);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_each_mail_is_a_file() {
    let mut folder = PathBuf::new();
    let server = TestServer::start_with(|settings| folder = settings.data.dir.join("mail")).await;
    let id = enqueue(server.database());
    wait_for_state(server.database(), id, MailState::Sent);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(&format!("-verify_email-{id}.eml")), "{name}");
    let message = fs::read(&files[0]).unwrap();
    let parsed = parse_mail(&message).unwrap();
    assert_eq!(parsed.headers.get_first_value("To").unwrap(), RECIPIENT);
    assert!(body_of(&parsed, "text/plain").contains("/verify-email?token="));
    server.stop().await;
}
