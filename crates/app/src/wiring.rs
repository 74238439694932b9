//! Composition root: settings in; use cases, chat and HTTP out.

use std::{io, sync::Arc, thread, time::Duration};

use abu_application::{
    BlockingPool, Context, Database, Policies, UseCases,
    alumni::{self, imports::Imports, ports::ClaimCodes},
    identity::{
        self,
        events::IdentityEvent,
        passwords::{HashingQueue, PasswordWork},
        ports::{AccessTokens, LinkTokens, PasswordHasher, PasswordPolicy},
        sessions::LogInFailures,
    },
    messaging::{self, messages::Messaging, rooms::RoomLimits},
    platform::{
        jobs::Handlers,
        ports::{Clock, HeadSealer, Ids, Publish},
        readiness::Readiness,
    },
    store::Store,
};
use abu_chat::{ChatEngine, ChatHub};
use abu_programs::parts::{import_policy, rate_limits};
use abu_rest::{CursorCodec, Fingerprints, RestKeys, RestSettings, Shared};
use abu_security::{
    BcryptHasher, GuessingPolicy, HmacClaimCodes, HmacHeadSealer, HmacLinkTokens,
    HmacRefreshTokens, SealedTotp, derive_key,
};
use abu_settings::{Environment, Settings};
use abu_storage::FolderStore;
use secrecy::{ExposeSecret, SecretString};

/// The deadline for a place in the database's pool.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

/// The inputs that differ between the server and its tests.
pub struct Wiring<'a> {
    pub settings: &'a Settings,
    /// Signs access tokens; other keys are derived from it.
    pub secret: SecretString,
    /// Encrypts TOTP secrets.
    pub encryption_key: SecretString,
    pub store: Arc<dyn Store>,
    /// The store of searches in the directory, which have connections of their own.
    pub searches: Arc<dyn Store>,
    pub readiness: Readiness,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub access_tokens: Arc<dyn AccessTokens>,
}

pub struct Services {
    pub chat: ChatEngine,
    pub messaging: Messaging,
    /// Where the watch over the database publishes what other programs did.
    pub identity_events: Arc<dyn Publish<IdentityEvent>>,
    pub rest: Shared,
    pub hasher: Arc<dyn PasswordHasher>,
    pub password_policy: Arc<dyn PasswordPolicy>,
    pub link_tokens: Arc<dyn LinkTokens>,
    pub claim_codes: Arc<dyn ClaimCodes>,
    pub head_sealer: Arc<dyn HeadSealer>,
    pub log_in_failures: Arc<LogInFailures>,
    pub job_handlers: Handlers,
    pub imports: Imports,
}

impl Wiring<'_> {
    /// Fails if a thread does not start.
    pub fn wire(self) -> io::Result<Services> {
        let settings = self.settings;
        let auth = &settings.auth;
        let secret = self.secret.expose_secret().as_bytes();
        let places = BlockingPool::new(settings.database.pool_size as usize, POOL_TIMEOUT);
        let database = Database::new(self.store, places);
        let hub = ChatHub::start(database.store(), &settings.chat)?;
        let hasher: Arc<dyn PasswordHasher> = Arc::new(BcryptHasher::new(auth.bcrypt_cost));
        let policy: Arc<dyn PasswordPolicy> =
            Arc::new(GuessingPolicy::new(auth.min_password_score));
        let link_tokens: Arc<dyn LinkTokens> = Arc::new(HmacLinkTokens::new(secret));
        let claim_codes: Arc<dyn ClaimCodes> =
            Arc::new(HmacClaimCodes::new(secret).accepting(auth.previous_jwt_secret.as_ref()));
        let limits = Arc::new(rate_limits(settings, &self.secret));
        let context = Context {
            database,
            clock: self.clock,
            ids: Arc::clone(&self.ids),
            events: hub.clone(),
            presence: hub.clone(),
            limits: Arc::clone(&limits),
            files: Arc::new(files(settings)),
        };
        let identity = identity::Policies {
            sessions: auth.session_policy(),
            verification_lifetime: auth.verification_ttl,
            reset_lifetime: auth.reset_ttl,
            passwords: PasswordWork {
                queue: HashingQueue::new(hashing_places(), settings.rate_limits.enabled),
                hasher: Arc::clone(&hasher),
                policy: Arc::clone(&policy),
            },
            access_tokens: Arc::clone(&self.access_tokens),
            refresh_tokens: Arc::new(
                HmacRefreshTokens::new(secret).accepting(auth.previous_jwt_secret.as_ref()),
            ),
            one_time_passwords: Arc::new(
                SealedTotp::new(&self.encryption_key)
                    .accepting(auth.previous_encryption_key.as_ref()),
            ),
            link_tokens: Arc::clone(&link_tokens),
        };
        let messaging = messaging::Policies {
            rooms: RoomLimits {
                quotas: settings
                    .rooms
                    .quotas
                    .filter(|_| settings.rate_limits.enabled),
                ..settings.rooms
            },
            writer: settings.writer,
            limits: settings
                .chat
                .rate_limits_enabled
                .then(|| settings.chat.message_limits()),
        };
        let policies = Policies {
            identity,
            messaging,
            alumni: alumni::Policies {
                claim_codes: Arc::clone(&claim_codes),
                imports: import_policy(settings),
                searches: Database::new(
                    self.searches,
                    BlockingPool::new(
                        settings.directory.pool_size as usize,
                        settings.directory.queue_timeout,
                    ),
                ),
            },
        };
        let keys = RestKeys {
            cursors: derive_key(secret, CursorCodec::KEY_LABEL),
            fingerprints: derive_key(secret, Fingerprints::KEY_LABEL),
        };
        let use_cases = UseCases::new(&context, policies)?;
        let job_handlers = use_cases.job_handlers();
        let imports = use_cases.alumni.imports.clone();
        let messaging = use_cases.messaging.messages.clone();
        let log_in_failures = Arc::clone(&use_cases.identity.sessions.failures);
        let chat = ChatEngine::start(
            hub.clone(),
            messaging.clone(),
            self.access_tokens,
            settings.chat.clone(),
        )?;
        let rest = Shared::new(
            &rest_settings(settings),
            keys,
            Arc::new(use_cases),
            limits,
            self.readiness,
            self.ids,
        );
        Ok(Services {
            chat,
            messaging,
            identity_events: hub,
            rest,
            hasher,
            password_policy: policy,
            link_tokens,
            claim_codes,
            head_sealer: Arc::new(HmacHeadSealer::new(&self.encryption_key)),
            log_in_failures,
            job_handlers,
            imports,
        })
    }
}

/// A configured folder is made at once, so that a wrong path shows at the start. It ends no start: the
/// chat needs no files.
fn files(settings: &Settings) -> FolderStore {
    let files = FolderStore::new(settings.storage_folder());
    if let Some(folder) = &settings.storage.path
        && let Err(error) = files.prepare()
    {
        log::warn!(
            "uploads and exports cannot be stored in {} (storage.path): {error}",
            folder.display()
        );
    }
    files
}

fn rest_settings(settings: &Settings) -> RestSettings {
    RestSettings {
        allowed_origins: settings.cors.allowed_origins.clone(),
        console: settings.console.enabled,
        docs: settings.docs.enabled,
        only_https: settings.environment == Environment::Production,
        max_body_bytes: settings.server.max_body_bytes,
        trusted_proxies: settings.server.trusted_proxies.clone(),
    }
}

/// Leaves one core for everything else, because hashing occupies a core.
pub(crate) fn hashing_places() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.saturating_sub(1).max(1)
}
