//! What the operator decides: read from files and variables, checked as a whole, typed.

mod config_error;
mod effective;
mod environment;
mod reader;
mod sections;
mod sources;

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use abu_application::{
    access::TotpPolicy,
    identity::sessions::SessionPolicy,
    messaging::{rooms::RoomLimits, writer::WriterPolicy},
};
use abu_chat::ChatSettings;
use abu_domain::{
    identity::text::NewPassword,
    platform::text::{EmailAddress, PersonName},
};
use abu_mail::MailSettings;
use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::SecretString;

use abu_rest::rate_limits::RateLimitSettings;

pub use config_error::{ConfigError, ConfigErrors};
pub use effective::Effective;
pub use environment::Environment;
pub use sources::Sources;

/// The settings in force. `config/default.toml` explains each one under the same name.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the server is for.
    pub environment: Environment,
    /// Listening and stopping.
    pub server: ServerSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// Tokens and passwords.
    pub auth: AuthSettings,
    /// The first administrator.
    pub superuser: SuperuserSettings,
    /// How often callers may ask.
    pub rate_limits: RateLimitSettings,
    /// Which browsers may call.
    pub cors: CorsSettings,
    /// The page on which developers try the chat.
    pub console: ConsoleSettings,
    /// What is logged.
    pub log: LogSettings,
    /// What the server keeps itself.
    pub data: DataSettings,
    /// Mail.
    pub mail: MailSettings,
    /// The chat's limits.
    pub chat: ChatSettings,
    /// How large rooms, and how many: `chat.max_room_members` and `chat.max_rooms_per_user`.
    pub rooms: RoomLimits,
    /// How messages are stored: `chat.writer_*` and `chat.store_patience`.
    pub writer: WriterPolicy,
}

/// `server.*`
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The address to listen on.
    pub host: IpAddr,
    /// The TCP port; 0 lets the system choose.
    pub port: u16,
    /// Threads that answer requests; 0 is one a core.
    pub workers: usize,
    /// How long a stop may take.
    pub shutdown_timeout: Duration,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// The proxies that are believed when they say whom they pass on.
    pub trusted_proxies: Vec<IpNet>,
}

/// `database.*`
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Where PostgreSQL is; `None` for one of the server's own.
    pub url: Option<SecretString>,
    /// Connections that requests share.
    pub pool_size: u32,
    /// Whether starting migrates.
    pub migrate_on_start: bool,
}

/// `auth.*`
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// Signs access tokens; `None` for a random one that is made and kept.
    pub jwt_secret: Option<SecretString>,
    /// How long an access token is good.
    pub access_token_ttl: Duration,
    /// How long a session is good after it was last refreshed.
    pub session_ttl: Duration,
    /// Seals secrets in the database; `None` for a random one that is made and kept.
    pub encryption_key: Option<SecretString>,
    /// Groups whose members use their permissions only with one-time passwords.
    pub totp_required_groups: Vec<String>,
    /// Who issues the tokens.
    pub issuer: String,
    /// Whom they are for.
    pub audience: String,
    /// bcrypt does two to the power of this many rounds.
    pub bcrypt_cost: u32,
    /// How good a new password must be, from 0 to 4.
    pub min_password_score: u8,
    /// How long a link is good that proves an address.
    pub verification_ttl: TimeDelta,
    /// How long a link to another password is good.
    pub reset_ttl: TimeDelta,
}

/// `superuser.*`
#[derive(Clone, Debug)]
pub struct SuperuserSettings {
    /// What they log in with.
    pub email: Option<EmailAddress>,
    /// Their first password.
    pub password: Option<NewPassword>,
    /// Given name.
    pub firstname: Option<PersonName>,
    /// Surname.
    pub lastname: Option<PersonName>,
}

/// `cors.*`
#[derive(Clone, Debug)]
pub struct CorsSettings {
    /// Origins such as `https://alumni.abu.edu.ng`, as browsers spell them; or `*` for all, which
    /// production never has.
    pub allowed_origins: Vec<String>,
}

/// `console.*`
#[derive(Clone, Copy, Debug)]
pub struct ConsoleSettings {
    /// Whether it is there.
    pub enabled: bool,
}

/// `log.*`
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// Levels by module, in `env_logger`'s words.
    pub filter: String,
}

/// `data.*`
#[derive(Clone, Debug)]
pub struct DataSettings {
    /// The folder.
    pub dir: PathBuf,
}

impl DataSettings {
    /// Where mail goes without a mail server.
    pub fn mail_folder(&self) -> PathBuf {
        self.dir.join("mail")
    }
}

/// What was found in all places, whether or not it makes settings.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What the settings are for.
    pub environment: Environment,
    /// Every setting as it is in force, secrets hidden.
    pub effective: Vec<Effective>,
    /// The settings, or all that is wrong with them.
    pub settings: Result<Settings, ConfigErrors>,
}

impl Configuration {
    /// Reads all places. Writes nothing.
    pub fn read(sources: &Sources) -> Self {
        let collected = sources.collect();
        let environment = collected.environment;
        let mut reader = reader::Reader::new(collected.values, collected.errors);
        let settings = sections::read(&mut reader, environment);
        let findings = reader.finish();
        Self {
            environment,
            effective: findings.effective,
            settings: match findings.errors.is_empty() {
                true => Ok(settings),
                false => Err(ConfigErrors(findings.errors)),
            },
        }
    }
}

impl AuthSettings {
    /// What of it is about sessions, as the use cases take it.
    pub(crate) fn session_policy(&self) -> SessionPolicy {
        SessionPolicy {
            lifetime: self.session_ttl,
            totp: Arc::new(TotpPolicy {
                required_groups: self.totp_required_groups.clone(),
            }),
        }
    }
}

impl Settings {
    /// Reads all places.
    ///
    /// # Errors
    /// [`ConfigErrors`]: all of them at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        Configuration::read(sources).settings
    }
}
