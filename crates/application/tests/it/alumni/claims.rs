//! Claims: who may make, prove and decide them, and what follows.

mod codes;
mod evidence;
mod exports;
mod invitations;
mod mailbox;
mod own;
mod retention;
mod review;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use abu_application::{
    alumni::{
        claims::{ClaimDraft, OwnClaim},
        ports::{Batch, BatchState, Channel, ClaimCodes, NewInvitation, Segment},
    },
    platform::{
        jobs::{JobRunner, JobTimes, JobWakes, JobWorkers, Lane},
        mail::MailKind,
        ports::{Ids, NewJob, RunAt},
        system::SystemIds,
    },
};
use abu_domain::{
    ClaimId, RecordId, RecordInvitationId, UserId,
    access::Permission,
    alumni::{
        claims::{ClaimCode, ClaimState, ClaimedAward},
        names::Name,
    },
    identity::user::{User, Verification},
    platform::text::PersonName,
};
use abu_security::HmacClaimCodes;
use chrono::TimeDelta;

use crate::support::{Member, SECRET, TestApp, new_id};

/// Longer than a job takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An application with a faculty, departments and degrees.
pub(super) fn app() -> TestApp {
    with_reference(TestApp::new())
}

fn limited() -> TestApp {
    with_reference(TestApp::limited())
}

fn with_reference(app: TestApp) -> TestApp {
    app.database.execute(
        "INSERT INTO faculties (code, name, created_at, last_modified)
         VALUES ('physical-sciences', 'Physical Sciences', now(), now()),
                ('arts', 'Arts', now(), now());
         INSERT INTO departments (code, name, faculty_id, created_at, last_modified)
         SELECT d.code, d.name, f.id, now(), now()
         FROM (VALUES ('cs', 'Computer Science', 'physical-sciences'),
                      ('math', 'Mathematics', 'physical-sciences'),
                      ('history', 'History', 'arts')) AS d (code, name, faculty)
         JOIN faculties f ON f.code = d.faculty;
         INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
         VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now()),
                ('ba', 'Bachelor of Arts', 'bachelor', 'B.A.', now(), now()),
                ('honorary-lld', 'Doctor of Laws (honorary)', 'doctorate', 'LL.D.', now(), now());",
    );
    app
}

/// A graduate in the register.
#[derive(Clone, Copy)]
pub(super) struct Graduate<'a> {
    surname: &'a str,
    given_names: &'a str,
    email: Option<&'a str>,
    matric: Option<&'a str>,
    department: &'a str,
    degree: &'a str,
    year: i16,
}

pub(super) const FATIMA: Graduate<'_> = Graduate {
    surname: "Bello",
    given_names: "Fatima Musa",
    email: Some("fatima.1990@example.com"),
    matric: Some("U15CS1070"),
    department: "cs",
    degree: "bsc",
    year: 2019,
};

impl Graduate<'_> {
    pub(super) fn register(self, app: &TestApp) -> RecordId {
        let id = new_id();
        let quoted = |text: Option<&str>| match text {
            Some(text) => format!("'{}'", text.replace('\'', "''")),
            None => "NULL".to_owned(),
        };
        let name = Name::parse(&format!("{} {}", self.surname, self.given_names)).unwrap();
        let tokens = name.set().replace(' ', ",");
        app.database.execute(&format!(
            "INSERT INTO alumni_records
                 (id, surname, given_names, name_tokens, email, created_at, last_modified)
             VALUES ('{id}', {}, {}, '{{{tokens}}}', {}, now(), now());
             INSERT INTO awards
                 (id, record_id, department_id, degree_id, year, matric_raw, matric_norm,
                  created_at, last_modified)
             SELECT gen_random_uuid(), '{id}', d.id, g.id, {}, {}, {}, now(), now()
             FROM departments d, degrees g WHERE d.code = '{}' AND g.code = '{}';",
            quoted(Some(self.surname)),
            quoted(Some(self.given_names)),
            quoted(self.email),
            self.year,
            quoted(self.matric),
            quoted(self.matric),
            self.department,
            self.degree,
        ));
        id.into()
    }
}

fn award() -> ClaimedAward {
    ClaimedAward {
        matric: Some("u15/cs/1070".to_owned()),
        surname_at_graduation: PersonName::parse("Bello").unwrap(),
        department: Some("cs".to_owned()),
        programme: None,
        degree: "bsc".to_owned(),
        year: 2019,
    }
}

fn draft() -> ClaimDraft {
    ClaimDraft {
        awards: vec![award()],
        list_me: true,
    }
}

impl TestApp {
    /// An account of this name in the group of applicants.
    pub(super) fn applicant(&self, firstname: &str, lastname: &str) -> Member {
        self.member()
            .with(|user| user.name(firstname, lastname))
            .in_group("applicant_group")
            .create()
    }

    pub(super) fn fatima(&self) -> Member {
        self.applicant("Fatima", "Bello")
    }

    pub(super) fn reviewer(&self) -> Member {
        self.member().holding(&[Permission::VerifyAlumni]).create()
    }

    fn inviter(&self) -> Member {
        self.member()
            .holding(&[Permission::CreateInvitation])
            .create()
    }

    async fn claim_of(&self, member: &Member) -> OwnClaim {
        let claims = &self.use_cases.alumni.claims;
        claims.create(member.caller(), draft()).await.unwrap()
    }

    pub(super) async fn submitted(&self, member: &Member) -> ClaimId {
        let id = self.claim_of(member).await.record.claim.id;
        let claims = &self.use_cases.alumni.claims;
        claims.submit(member.caller(), id).await.unwrap();
        id
    }

    fn user(&self, id: UserId) -> User {
        self.store(|tx| tx.user(id)).unwrap()
    }

    fn verification(&self, member: &Member) -> Verification {
        self.user(member.id()).verification
    }

    fn claim_state(&self, id: ClaimId) -> ClaimState {
        self.store(|tx| tx.claim(id)).unwrap().claim.state
    }

    /// A printed invitation to claim the record.
    fn invitation(&self, record: RecordId) -> (RecordInvitationId, ClaimCode) {
        let now = self.now();
        let batch = Batch {
            id: new_id().into(),
            channel: Channel::Printed,
            segment: Segment::default(),
            state: BatchState::Ready,
            made: 0,
            skipped: 0,
            opened: 0,
            accepted: 0,
            expires_at: now + TimeDelta::days(365),
            revoked_at: None,
            downloaded_at: None,
            created_by: None,
            created_at: now,
            last_modified: now,
        };
        let codes = codes();
        let id = RecordInvitationId::new(new_id());
        let code = codes.code(id);
        let new = NewInvitation {
            id,
            record,
            code_hash: codes.hash(&code),
            disown_hash: None,
        };
        self.store(|tx| {
            tx.insert_batch(&batch)?;
            tx.insert_invitations(&batch, &[new], 0, now)
        });
        (id, code)
    }

    /// The kinds of the mails since the last call.
    fn mailed(&self) -> Vec<MailKind> {
        let mails = self.take_mail_kinds().into_iter();
        mails.map(|(_address, kind)| kind).collect()
    }

    /// Runs background jobs until none of this kind is left.
    fn run_jobs(&self, kind: &str) {
        let query = format!("SELECT state FROM jobs WHERE kind = '{kind}' AND key <> 'schedule'");
        self.run_jobs_until(|| self.database.texts(&query).is_empty());
    }

    /// Runs the job of a schedule once, now.
    pub(super) fn run_schedule(&self, kind: &'static str) {
        self.store(|tx| {
            tx.enqueue_job(&NewJob {
                id: SystemIds.time_ordered().into(),
                lane: Lane::Bulk,
                kind,
                key: Some("now".to_owned()),
                payload: serde_json::Value::Null,
                run_at: RunAt::Now,
            })
        });
        self.run_jobs(kind);
    }

    fn run_jobs_until(&self, is_done: impl Fn() -> bool) {
        let workers = JobWorkers::start(JobRunner {
            store: self.database.store(),
            ids: Arc::new(SystemIds),
            handlers: self.use_cases.job_handlers(),
            wakes: JobWakes::new(1),
            poll_interval: Duration::from_millis(20),
            times: JobTimes::default(),
        })
        .unwrap();
        let began = Instant::now();
        while !is_done() {
            assert!(began.elapsed() < PATIENCE, "the jobs are not done");
            thread::yield_now();
        }
        workers.stop();
    }
}

fn codes() -> HmacClaimCodes {
    HmacClaimCodes::new(SECRET.as_bytes())
}

/// A code of no invitation.
fn unknown_code() -> ClaimCode {
    codes().code(RecordInvitationId::new(new_id()))
}
