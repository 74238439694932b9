//! What every request can reach: the use cases, and what HTTP itself needs to know.

use std::sync::Arc;

use abu_application::{
    BlockingPool, Database,
    access::AccessControl,
    accounts::Accounts,
    audit::AuditLog,
    chat_access::ChatAccess,
    emails::Emails,
    idempotency::Idempotency,
    mail::Mails,
    messaging::Messaging,
    own_account::OwnAccounts,
    passwords::{PasswordWork, Passwords},
    ports::{
        AccessTokens, Clock, Ids, LinkTokens, OneTimePasswords, PasswordHasher, PasswordPolicy,
        RefreshTokens, TokenClaims, TokenError,
    },
    registration::Registration,
    rooms::Rooms,
    sessions::Sessions,
};
use abu_chat::ChatEngine;
use actix_web::{HttpRequest, web};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    http::{AllowedOrigins, Api, CursorCodec, Fingerprints, TrustedProxies},
    rate_limits::RateLimits,
    readiness::Readiness,
    settings::{Environment, Settings},
};

/// What the state is put together from.
pub struct AppParts {
    /// What the operator decided.
    pub settings: Arc<Settings>,
    /// What access tokens are signed with; the keys of list cursors and of fingerprints are derived
    /// from it.
    pub secret: SecretString,
    /// The store.
    pub database: Database,
    /// The chat.
    pub chat: ChatEngine,
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// Who makes and reads access tokens.
    pub tokens: Arc<dyn AccessTokens>,
    /// Who makes and reads refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// Who knows one-time passwords.
    pub one_time_passwords: Arc<dyn OneTimePasswords>,
    /// The secrets of links in mails.
    pub links: Arc<dyn LinkTokens>,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// How they are judged.
    pub policy: Arc<dyn PasswordPolicy>,
    /// Where they are hashed.
    pub hashing: BlockingPool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

/// What every request can reach. Cheap to clone; one for the whole process.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What [`AppState`] gives access to.
pub struct Shared {
    /// Accounts, for those who look after them.
    pub accounts: Accounts,
    /// Permissions, roles and groups, and roles assigned for a term.
    pub access: AccessControl,
    /// People's own accounts.
    pub own_accounts: OwnAccounts,
    /// Making an account for oneself.
    pub registration: Registration,
    /// The e-mail addresses of accounts.
    pub emails: Emails,
    /// Passwords.
    pub passwords: Passwords,
    /// Logging in, and what comes of it.
    pub sessions: Sessions,
    /// Rooms.
    pub rooms: Rooms,
    /// Messages.
    pub messaging: Messaging,
    /// Tickets for the chat's handshake.
    pub chat_access: ChatAccess,
    /// Who did what.
    pub audit_log: AuditLog,
    /// Requests that are done once.
    pub idempotency: Idempotency,
    /// How often somebody may ask.
    pub limits: RateLimits,
    /// Mail, for those who look after it.
    pub mails: Mails,
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
    /// What HTTP itself needs to know.
    pub http: HttpRules,
    /// The description of the API.
    pub api: Api,
    tokens: Arc<dyn AccessTokens>,
    clock: Arc<dyn Clock>,
}

/// What HTTP itself needs to know.
pub struct HttpRules {
    /// The origins of web pages that may call.
    pub origins: AllowedOrigins,
    /// Whether the console is there, and its page may open the chat.
    pub console: bool,
    /// Browsers are told to come by HTTPS alone.
    pub only_https: bool,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Writes and reads the cursors of lists.
    pub cursors: CursorCodec,
    /// Tells requests with one idempotency key apart.
    pub fingerprints: Fingerprints,
    /// The proxies that are believed when they say whom they pass on.
    pub trusted_proxies: TrustedProxies,
}

impl AppState {
    /// Puts it together.
    pub fn new(parts: AppParts) -> Self {
        let AppParts {
            settings,
            secret,
            database,
            chat,
            readiness,
            tokens,
            links,
            refresh_tokens,
            one_time_passwords,
            hasher,
            policy,
            hashing,
            clock,
            ids,
        } = parts;
        let live_chat = chat.live_chat();
        let work = PasswordWork {
            pool: hashing,
            hasher,
            policy,
        };
        let auth = &settings.auth;
        let session_policy = Arc::new(auth.session_policy());
        let key = |label| abu_security::derive_key(secret.expose_secret().as_bytes(), label);
        Self(Arc::new(Shared {
            accounts: Accounts {
                database: database.clone(),
                passwords: work.clone(),
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                policy: Arc::clone(&session_policy),
            },
            access: AccessControl {
                database: database.clone(),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                policy: Arc::clone(&session_policy),
            },
            own_accounts: OwnAccounts {
                database: database.clone(),
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            registration: Registration {
                database: database.clone(),
                passwords: work.clone(),
                links: Arc::clone(&links),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                verification_lifetime: auth.verification_ttl,
            },
            emails: Emails {
                database: database.clone(),
                passwords: work.clone(),
                links: Arc::clone(&links),
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                verification_lifetime: auth.verification_ttl,
                reset_lifetime: auth.reset_ttl,
            },
            passwords: Passwords {
                database: database.clone(),
                work: work.clone(),
                links,
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                reset_lifetime: auth.reset_ttl,
            },
            sessions: Sessions {
                database: database.clone(),
                passwords: work,
                tokens: Arc::clone(&tokens),
                refresh_tokens,
                one_time_passwords,
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                policy: session_policy,
            },
            rooms: Rooms {
                database: database.clone(),
                live_chat: Arc::clone(&live_chat),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                limits: settings.rooms,
            },
            messaging: Messaging {
                database: database.clone(),
                live_chat,
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            idempotency: Idempotency {
                database: database.clone(),
                clock: Arc::clone(&clock),
            },
            limits: RateLimits::new(&settings, ids.secret()),
            mails: Mails {
                database: database.clone(),
            },
            chat_access: ChatAccess {
                database: database.clone(),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            audit_log: AuditLog {
                database,
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            readiness,
            http: HttpRules {
                origins: AllowedOrigins::new(&settings.cors.allowed_origins),
                console: settings.console.enabled,
                only_https: settings.environment == Environment::Production,
                max_body_bytes: settings.server.max_body_bytes,
                cursors: CursorCodec::new(key(CursorCodec::KEY_LABEL)),
                fingerprints: Fingerprints::new(key(Fingerprints::KEY_LABEL)),
                trusted_proxies: TrustedProxies::new(&settings.server.trusted_proxies),
            },
            api: Api::describe(),
            ids,
            tokens,
            clock,
        }))
    }

    /// The state of the application that this request reached.
    pub fn of(request: &HttpRequest) -> &Self {
        #[expect(
            clippy::expect_used,
            reason = "the one function that builds applications puts it in"
        )]
        request
            .app_data::<web::Data<Self>>()
            .expect("every application has a state")
    }

    /// What an access token says, if it is good now.
    pub fn verify(&self, token: &str) -> Result<TokenClaims, TokenError> {
        self.tokens.verify(token, self.clock.now())
    }
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
