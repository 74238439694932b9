//! The use cases wired as in the server: real store, real cryptography; a test clock, recorded chat calls.

mod clock;
mod live;
mod mail;
mod members;
mod refusals;
mod rights;

use std::{sync::Arc, time::Duration};

use abu_application::{
    BlockingPool, Context, Database, Policies, UseCases,
    access::{Caller, TotpPolicy},
    alumni::{self, imports::ImportPolicy},
    identity::{
        self,
        passwords::{HashingQueue, PasswordWork},
        sessions::{LogIn, LogInDraft, SessionPolicy},
    },
    messaging::{self, rooms::RoomLimits, writer::WriterPolicy},
    platform::{
        audit::Action,
        ports::{AuditEntry, Clock, Ids, StoreError},
        rate_limits::{RateLimitSettings, RateLimits},
        system::SystemIds,
    },
    store::Writes,
};
use abu_domain::identity::text::LoginPassword;
use abu_register_csv::CsvFiles;
use abu_security::{
    BcryptHasher, GuessingPolicy, HmacClaimCodes, HmacLinkTokens, HmacRefreshTokens, JwtTokens,
    SealedTotp,
};
use abu_storage::FolderStore;
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

pub(crate) use clock::TestClock;
pub(crate) use live::{LiveCall, LiveCalls};
pub(crate) use members::{Member, MemberBuilder, PASSWORD, origin};
pub(crate) use refusals::{assert_lacks, assert_refused};
pub(crate) use rights::*;

pub(crate) const SECRET: &str = "Wq7rT2mX9bK4vN6hJ1cF8sL3pD5gY0zE";

/// The lowest cost of bcrypt.
const BCRYPT_COST: u32 = 4;

/// The deadline for a place in a pool: tests share the machine.
const POOL_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) const VERIFICATION_LIFETIME: TimeDelta = TimeDelta::hours(24);
pub(crate) const RESET_LIFETIME: TimeDelta = TimeDelta::hours(1);
pub(crate) const SESSION_LIFETIME: TimeDelta = TimeDelta::days(60);
pub(crate) const ACCESS_TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(15);
pub(crate) const ROOM_LIMITS: RoomLimits = RoomLimits {
    max_members: 5,
    max_rooms_per_user: 5,
    quotas: None,
};

/// The application on a database of its own, with permissions, roles and groups seeded.
pub(crate) struct TestApp {
    pub(crate) database: TestDatabase,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) live: Arc<LiveCalls>,
    pub(crate) use_cases: UseCases,
    links: HmacLinkTokens,
    /// The folder of stored files.
    pub(crate) files: TempDir,
}

impl TestApp {
    pub(crate) fn new() -> Self {
        Self::with(|_policies| {})
    }

    /// Requires one-time passwords of the members of this group.
    pub(crate) fn requiring_totp_of(group: &str) -> Self {
        let totp = TotpPolicy {
            required_groups: vec![group.to_owned()],
        };
        Self::with(|policies| policies.identity.sessions.totp = Arc::new(totp))
    }

    pub(crate) fn with(change: impl FnOnce(&mut Policies)) -> Self {
        Self::build(rate_limits(false), change)
    }

    /// With the rate limits that are promised.
    pub(crate) fn limited() -> Self {
        Self::build(rate_limits(true), |_policies| {})
    }

    fn build(rate_limits: RateLimitSettings, change: impl FnOnce(&mut Policies)) -> Self {
        let database = TestDatabase::new();
        let clock = Arc::new(TestClock::default());
        let live = Arc::new(LiveCalls::default());
        let links = HmacLinkTokens::new(SECRET.as_bytes());
        let files = TempDir::with_prefix("abu-files-").unwrap();
        let context = Context {
            database: Database::new(database.store(), BlockingPool::new(4, POOL_TIMEOUT)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(SystemIds),
            events: Arc::clone(&live) as _,
            presence: Arc::clone(&live) as _,
            limits: Arc::new(RateLimits::new(rate_limits, [7; 32])),
            files: Arc::new(FolderStore::new(files.path())),
        };
        let mut policies = policies(&links, context.database.clone());
        change(&mut policies);
        let seeded = database.transaction(|tx| tx.seed_access(clock.now()));
        seeded.unwrap();
        Self {
            database,
            clock,
            live,
            use_cases: UseCases::new(&context, policies).unwrap(),
            links,
            files,
        }
    }

    pub(crate) fn links(&self) -> &HmacLinkTokens {
        &self.links
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// An account that is active, with a verified address, [`PASSWORD`], and no permission.
    pub(crate) fn member(&self) -> MemberBuilder<'_> {
        MemberBuilder::new(self)
    }

    /// Changes the database through the store's ports, past the rules.
    pub(crate) fn store<T>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, StoreError>,
    ) -> T {
        self.database.transaction(work).unwrap()
    }

    /// Logs in with [`PASSWORD`] alone.
    pub(crate) async fn log_in(&self, member: &Member) -> LogIn {
        let draft = LogInDraft {
            email: member.user.email.clone(),
            password: LoginPassword::new(PASSWORD.into()),
            otp: None,
            device_name: None,
        };
        let log_in = self
            .use_cases
            .identity
            .sessions
            .log_in(draft, origin())
            .await;
        log_in.unwrap()
    }

    /// The caller who comes with the access token of a login.
    pub(crate) fn caller(&self, log_in: &LogIn) -> Caller {
        let claims = self
            .use_cases
            .identity
            .sessions
            .verify(&log_in.access_token.token);
        let claims = claims.unwrap();
        Caller {
            user: claims.user_id,
            session: claims.session_id,
            origin: origin(),
        }
    }

    /// The audit log, the oldest entry first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        self.database.read(|tx| tx.audit_chain(0, 10_000)).unwrap()
    }

    /// The actions of the audit log, the oldest first.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let action = |entry: AuditEntry| Action::from_name(&entry.row.action).unwrap();
        self.audit().into_iter().map(action).collect()
    }
}

fn rate_limits(enabled: bool) -> RateLimitSettings {
    let quota = |text: &str| text.parse().unwrap();
    RateLimitSettings {
        enabled,
        default: quota("300/min"),
        anonymous: quota("600/min"),
        handshake: quota("30/min"),
        failed_handshake: quota("600/min"),
        refresh: quota("10/min"),
        failed_refresh: quota("60/min"),
        log_in_account: quota("10/15min"),
        log_in_network: quota("100/15min"),
        log_in_elsewhere: quota("100/d"),
        one_time_password: quota("5/15min"),
        register: quota("300/h"),
        recover: quota("3/h"),
        directory: quota("60/min"),
        suggestions: quota("120/min"),
        directory_cards: quota("2000/d"),
        recover_network: quota("60/h"),
    }
}

fn policies(links: &HmacLinkTokens, searches: Database) -> Policies {
    let identity = identity::Policies {
        sessions: SessionPolicy {
            lifetime: SESSION_LIFETIME.to_std().unwrap(),
            totp: Arc::default(),
        },
        verification_lifetime: VERIFICATION_LIFETIME,
        reset_lifetime: RESET_LIFETIME,
        passwords: PasswordWork {
            queue: HashingQueue::new(2, true),
            hasher: Arc::new(BcryptHasher::new(BCRYPT_COST)),
            policy: Arc::new(GuessingPolicy::new(3)),
        },
        access_tokens: Arc::new(JwtTokens::new(
            &SECRET.into(),
            "issuer",
            "audience",
            ACCESS_TOKEN_LIFETIME.to_std().unwrap(),
        )),
        refresh_tokens: Arc::new(HmacRefreshTokens::new(SECRET.as_bytes())),
        one_time_passwords: Arc::new(SealedTotp::new(&SECRET.into())),
        link_tokens: Arc::new(links.clone()),
    };
    let messaging = messaging::Policies {
        rooms: ROOM_LIMITS,
        writer: WriterPolicy::default(),
        limits: None,
    };
    let alumni = alumni::Policies {
        claim_codes: Arc::new(HmacClaimCodes::new(SECRET.as_bytes())),
        imports: ImportPolicy {
            parser: Arc::new(CsvFiles),
            max_bytes: 1_000_000,
            disk: BlockingPool::new(4, POOL_TIMEOUT),
        },
        searches,
    };
    Policies {
        identity,
        messaging,
        alumni,
    }
}

/// A further id source, for rows that a test writes itself.
pub(crate) fn new_id() -> uuid::Uuid {
    SystemIds.random()
}
