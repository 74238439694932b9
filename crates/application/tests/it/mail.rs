//! Mail delivery: leases, retry with back-off, dead letters, erasure.

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use abu_application::{
    access::{AccessError, MailError},
    platform::{
        lists::{ListRequest, Seek},
        mail::{self, Delivery, DeliveryPolicy, MailContent, MailKind, MailState, Verdict},
        ports::{
            ClaimedMail, Mail, MailFilter, MailRecord, MailRenderer, Mailer, MailerError,
            RenderedMail,
        },
        system::SystemIds,
    },
};
use abu_domain::{MailId, access::Permission};

use crate::{
    identity_calls::{address, person_name},
    support::{TestApp, assert_refused, new_id},
};

const POLICY: DeliveryPolicy = DeliveryPolicy {
    max_attempts: 3,
    lease: Duration::from_secs(60),
    keep: Duration::from_secs(3_600),
};
/// The first wait after a failed attempt; jitter halves it at most.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// A mail server that answers what the test last said.
struct ScriptedMailer(Mutex<Result<(), MailerError>>);

impl Mailer for ScriptedMailer {
    fn send(&self, _mail: &RenderedMail) -> Result<(), MailerError> {
        self.0.lock().unwrap().clone()
    }
}

/// Has words for every mail but one about a mistaken address.
struct PlainRenderer;

impl MailRenderer for PlainRenderer {
    fn render(&self, mail: Mail) -> Result<RenderedMail, Box<dyn Error + Send + Sync>> {
        if mail.content.kind() == MailKind::AddressInUse {
            return Err("there is no template".into());
        }
        Ok(RenderedMail {
            mail,
            subject: "subject".to_owned(),
            text: "text".to_owned(),
            html: "html".to_owned(),
        })
    }
}

struct Outbox {
    app: TestApp,
    mailer: Arc<ScriptedMailer>,
    delivery: Delivery,
}

impl Outbox {
    fn new() -> Self {
        let app = TestApp::new();
        let mailer = Arc::new(ScriptedMailer(Mutex::new(Ok(()))));
        let delivery = Delivery {
            store: app.database.store(),
            renderer: Arc::new(PlainRenderer),
            mailer: Arc::clone(&mailer) as _,
            policy: POLICY,
        };
        Self {
            app,
            mailer,
            delivery,
        }
    }

    fn answer(&self, answer: Result<(), MailerError>) {
        *self.mailer.0.lock().unwrap() = answer;
    }

    fn enqueue(&self) -> MailId {
        self.enqueue_about(MailContent::AccountExists {
            firstname: person_name("Amina"),
        })
    }

    fn enqueue_about(&self, content: MailContent) -> MailId {
        let (now, to) = (self.app.now(), address("amina@example.com"));
        self.app
            .store(|tx| mail::enqueue(tx, &SystemIds, now, &to, content))
    }

    fn claim(&self) -> Option<ClaimedMail> {
        self.delivery.claim().unwrap()
    }

    /// Claims the mail that is due, sends it, and records the verdict.
    fn attempt(&self) -> Verdict {
        let claimed = self.claim().unwrap();
        let verdict = self.delivery.send(&claimed);
        self.delivery.note(&claimed, &verdict).unwrap();
        verdict
    }

    fn record(&self, id: MailId) -> MailRecord {
        self.app.store(|tx| tx.mail(id)).unwrap()
    }

    /// Moves a time of all mails into the past, on the database's clock.
    fn age(&self, column: &str, by: Duration) {
        self.app.database.execute(&format!(
            "UPDATE email_outbox SET {column} = {column} - interval '{} s'",
            by.as_secs()
        ));
    }
}

fn temporary() -> Result<(), MailerError> {
    Err(MailerError::Temporary("451 try again".to_owned()))
}

fn permanent() -> Result<(), MailerError> {
    Err(MailerError::Permanent("550 unknown".to_owned()))
}

#[test]
fn a_claimed_mail_is_leased_to_one_worker() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    let claimed = outbox.claim().unwrap();
    assert_eq!((claimed.id, claimed.attempt), (id, 1));
    assert!(outbox.claim().is_none());
}

#[test]
fn a_mail_whose_lease_ended_is_claimed_for_the_next_attempt() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    let lost = outbox.claim().unwrap();
    outbox.age("leased_until", POLICY.lease);
    let claimed = outbox.claim().unwrap();
    assert_eq!((claimed.id, claimed.attempt), (id, 2));
    // The worker that lost the lease changes nothing any more.
    let verdict = Verdict::Dead {
        reason: "late".to_owned(),
    };
    outbox.delivery.note(&lost, &verdict).unwrap();
    assert_eq!(outbox.record(id).state, MailState::Pending);
}

#[test]
fn a_mail_the_server_took_is_not_sent_again() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    assert_eq!(outbox.attempt(), Verdict::Sent);
    assert_eq!(outbox.record(id).state, MailState::Sent);
    assert!(outbox.claim().is_none());
}

#[test]
fn a_temporary_failure_is_retried_with_growing_waits() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(temporary());
    let mut waits = Vec::new();
    for attempt in 1..POLICY.max_attempts {
        let Verdict::Later { wait, .. } = outbox.attempt() else {
            panic!("attempt {attempt} is not put off")
        };
        waits.push(wait);
        assert!(outbox.claim().is_none(), "not due before the wait is over");
        outbox.age("next_attempt_at", wait + Duration::from_secs(1));
    }
    assert!(waits[0] >= FIRST_WAIT / 2 && waits[0] <= FIRST_WAIT);
    assert_eq!(waits[1], waits[0] * 2);
    let record = outbox.record(id);
    assert_eq!(record.attempts, POLICY.max_attempts - 1);
    assert_eq!(record.last_error.as_deref(), Some("451 try again"));
    outbox.answer(Ok(()));
    assert_eq!(outbox.attempt(), Verdict::Sent);
}

#[test]
fn a_mail_is_a_dead_letter_after_its_last_attempt() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(temporary());
    for _ in 1..POLICY.max_attempts {
        assert!(matches!(outbox.attempt(), Verdict::Later { .. }));
        outbox.age("next_attempt_at", FIRST_WAIT * 10);
    }
    assert!(matches!(outbox.attempt(), Verdict::Dead { .. }));
    assert_eq!(outbox.record(id).state, MailState::Dead);
    outbox.age("next_attempt_at", FIRST_WAIT * 10);
    assert!(outbox.claim().is_none());
}

#[test]
fn a_permanent_refusal_makes_a_dead_letter_at_once() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(permanent());
    outbox.attempt();
    let record = outbox.record(id);
    assert_eq!((record.state, record.attempts), (MailState::Dead, 1));
    assert_eq!(record.last_error.as_deref(), Some("550 unknown"));
}

#[test]
fn an_unreachable_mail_server_costs_no_attempt() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(Err(MailerError::Unreachable("refused".to_owned())));
    for _ in 0..=POLICY.max_attempts {
        assert!(matches!(outbox.attempt(), Verdict::Unreachable { .. }));
    }
    let record = outbox.record(id);
    assert_eq!((record.state, record.attempts), (MailState::Pending, 0));
}

#[test]
fn a_mail_that_outlived_all_its_workers_is_not_sent() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    for _ in 0..POLICY.max_attempts {
        outbox.claim().unwrap();
        outbox.age("leased_until", POLICY.lease);
    }
    assert!(matches!(outbox.attempt(), Verdict::Dead { .. }));
    assert_eq!(outbox.record(id).state, MailState::Dead);
}

#[test]
fn a_mail_without_words_is_a_dead_letter() {
    let outbox = Outbox::new();
    let id = outbox.enqueue_about(MailContent::AddressInUse {
        firstname: person_name("Amina"),
    });
    outbox.attempt();
    assert_eq!(outbox.record(id).state, MailState::Dead);
}

#[test]
fn old_sent_and_dead_mail_is_erased_and_pending_mail_never() {
    let outbox = Outbox::new();
    let sent = outbox.enqueue();
    outbox.attempt();
    let dead = outbox.enqueue();
    outbox.answer(permanent());
    outbox.attempt();
    let pending = outbox.enqueue();
    let ids = |outbox: &Outbox| -> Vec<MailId> {
        let all = MailFilter::default();
        let records = outbox.app.store(|tx| tx.list_mails(&all, Seek::START, 100));
        records.into_iter().map(|record| record.id).collect()
    };
    let nearly = POLICY.keep - Duration::from_secs(60);
    for column in ["sent_at", "failed_at", "created_at"] {
        outbox.age(column, nearly);
    }
    outbox.delivery.erase_old().unwrap();
    assert_eq!(ids(&outbox), [pending, dead, sent]);
    for column in ["sent_at", "failed_at", "created_at"] {
        outbox.age(column, Duration::from_secs(61));
    }
    let more = outbox.delivery.erase_old().unwrap();
    assert!(!more);
    assert_eq!(ids(&outbox), [pending]);
}

#[tokio::test]
async fn staff_requeues_a_dead_letter_from_its_first_attempt() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(permanent());
    outbox.attempt();
    let app = &outbox.app;
    let staff = app.member().holding(&[Permission::ModifyMail]).create();
    let mails = &app.use_cases.access.mails;
    let record = mails.retry(staff.caller(), id).await.unwrap();
    assert_eq!((record.state, record.attempts), (MailState::Pending, 0));
    outbox.answer(Ok(()));
    assert_eq!(outbox.attempt(), Verdict::Sent);
}

#[tokio::test]
async fn only_a_dead_letter_is_requeued() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    let app = &outbox.app;
    let staff = app.member().holding(&[Permission::ModifyMail]).create();
    let retry = |id| app.use_cases.access.mails.retry(staff.caller(), id);
    assert_refused!(retry(id).await, MailError::NotDead);
    outbox.attempt();
    assert_refused!(retry(id).await, MailError::NotDead);
    let unknown = MailId::new(new_id());
    assert_refused!(retry(unknown).await, MailError::NotFound);
}

#[tokio::test]
async fn viewing_and_requeuing_mail_take_their_permissions() {
    let outbox = Outbox::new();
    let id = outbox.enqueue();
    outbox.answer(permanent());
    outbox.attempt();
    let app = &outbox.app;
    let mails = &app.use_cases.access.mails;
    let page = || ListRequest {
        seek: Seek::START,
        limit: 100,
        count: false,
    };
    let viewer = app.member().holding(&[Permission::ViewMail]).create();
    let listed = mails.list(viewer.caller(), MailFilter::default(), page());
    assert_eq!(listed.await.unwrap().items[0].id, id);
    let refused = mails.retry(viewer.caller(), id).await;
    assert_refused!(
        refused,
        MailError::Access(AccessError::Denied(Permission::ModifyMail))
    );
    let editor = app.member().holding(&[Permission::ModifyMail]).create();
    let listed = mails.list(editor.caller(), MailFilter::default(), page());
    assert_refused!(
        listed.await,
        MailError::Access(AccessError::Denied(Permission::ViewMail))
    );
    assert_eq!(outbox.record(id).state, MailState::Dead);
}
