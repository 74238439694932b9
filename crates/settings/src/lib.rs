#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config_error;
mod dotenv;
mod effective;
mod environment;
mod reader;
mod sections;
mod sources;
mod spelling;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use abu_application::{
    access::TotpPolicy,
    identity::sessions::SessionPolicy,
    messaging::{rooms::RoomLimits, writer::WriterPolicy},
    platform::{jobs::JobSettings, rate_limits::RateLimitSettings},
};
use abu_chat::ChatSettings;
use abu_domain::{
    identity::text::NewPassword,
    platform::text::{EmailAddress, PersonName},
};
use abu_logging::{Filter, Format};
use abu_mail::MailSettings;
use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::SecretString;

pub use config_error::{ConfigError, ConfigErrors};
pub use effective::Effective;
pub use environment::Environment;
pub use sources::Sources;

/// `config/default.toml` explains each setting under the same name.
#[derive(Clone, Debug)]
pub struct Settings {
    pub environment: Environment,
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub auth: AuthSettings,
    pub superuser: SuperuserSettings,
    pub rate_limits: RateLimitSettings,
    pub cors: CorsSettings,
    pub console: ConsoleSettings,
    pub docs: DocsSettings,
    pub log: LogSettings,
    pub metrics: MetricsSettings,
    pub data: DataSettings,
    pub storage: StorageSettings,
    pub mail: MailSettings,
    /// `jobs.*`
    pub jobs: JobSettings,
    pub imports: ImportSettings,
    pub directory: DirectorySettings,
    pub chat: ChatSettings,
    /// `chat.max_room_members` and `chat.max_rooms_per_user`.
    pub rooms: RoomLimits,
    /// How messages are stored: `chat.writer_*` and `chat.store_patience`.
    pub writer: WriterPolicy,
}

/// `server.*`
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub host: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
    /// 0 is one per core.
    pub workers: usize,
    /// Time in which a draining server still accepts connections.
    pub drain_delay: Duration,
    /// Time over which a draining server closes its chat sessions.
    pub drain_spread: Duration,
    /// Deadline of the rest of a graceful shutdown.
    pub shutdown_timeout: Duration,
    /// Deadline for the head and the body of a request together.
    pub request_timeout: Duration,
    /// Time after which a peer that reads nothing of an answer is disconnected.
    pub send_timeout: Duration,
    pub max_body_bytes: usize,
    /// Proxies whose `X-Forwarded-For` and `Forwarded` the server trusts.
    pub trusted_proxies: Vec<IpNet>,
}

/// `database.*`
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `None` for the private PostgreSQL.
    pub url: Option<SecretString>,
    /// Connections that requests share.
    pub pool_size: u32,
    pub migrate_on_start: bool,
}

/// `directory.*`
#[derive(Clone, Debug)]
pub struct DirectorySettings {
    /// Connections that searches share, beside those of other requests.
    pub pool_size: u32,
    /// Longest wait of a search for a connection.
    pub queue_timeout: Duration,
    /// Longest time of a statement of a search.
    pub search_timeout: Duration,
}

/// `auth.*`
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// Signs access tokens; `None` for a generated secret.
    pub jwt_secret: Option<SecretString>,
    /// Verifies tokens that were signed before a rotation.
    pub previous_jwt_secret: Option<SecretString>,
    pub access_token_ttl: Duration,
    /// Time after which a session expires without a refresh.
    pub session_ttl: Duration,
    /// Encrypts secrets in the database; `None` for a generated one.
    pub encryption_key: Option<SecretString>,
    /// Opens what was encrypted before a rotation.
    pub previous_encryption_key: Option<SecretString>,
    /// Groups whose members must use a second factor.
    pub totp_required_groups: Vec<String>,
    pub issuer: String,
    pub audience: String,
    /// bcrypt computes 2^`bcrypt_cost` rounds.
    pub bcrypt_cost: u32,
    /// zxcvbn score from 0 to 4.
    pub min_password_score: u8,
    /// Lifetime of a link that proves an address.
    pub verification_ttl: TimeDelta,
    /// Lifetime of a link that resets a password.
    pub reset_ttl: TimeDelta,
}

/// `superuser.*`
#[derive(Clone, Debug)]
pub struct SuperuserSettings {
    pub email: Option<EmailAddress>,
    /// The initial password.
    pub password: Option<NewPassword>,
    pub firstname: Option<PersonName>,
    pub lastname: Option<PersonName>,
}

/// `cors.*`
#[derive(Clone, Debug)]
pub struct CorsSettings {
    /// Serialized origins such as `https://alumni.abu.edu.ng`, or `*` for all, which production
    /// rejects.
    pub allowed_origins: Vec<String>,
}

/// `docs.*`
#[derive(Clone, Copy, Debug)]
pub struct DocsSettings {
    pub enabled: bool,
}

/// `console.*`
#[derive(Clone, Copy, Debug)]
pub struct ConsoleSettings {
    pub enabled: bool,
}

/// `log.*`
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub format: Format,
    pub filter: Filter,
}

/// `metrics.*`
#[derive(Clone, Debug)]
pub struct MetricsSettings {
    /// `None`: no metrics.
    pub listen: Option<SocketAddr>,
}

/// `data.*`
#[derive(Clone, Debug)]
pub struct DataSettings {
    pub dir: PathBuf,
}

impl DataSettings {
    /// The folder for mail without an SMTP server.
    pub fn mail_folder(&self) -> PathBuf {
        self.dir.join("mail")
    }
}

/// `storage.*`
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// The folder of uploads and exports; `None` for one under `data.dir`.
    pub path: Option<PathBuf>,
}

/// `imports.*`
#[derive(Clone, Copy, Debug)]
pub struct ImportSettings {
    /// The largest file of graduates.
    pub max_bytes: u64,
}

/// The merged configuration, valid or not.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub environment: Environment,
    /// Every effective setting, with hidden secrets.
    pub effective: Vec<Effective>,
    /// The settings, or all errors.
    pub settings: Result<Settings, ConfigErrors>,
}

impl Configuration {
    /// Writes nothing.
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
    pub fn session_policy(&self) -> SessionPolicy {
        SessionPolicy {
            lifetime: self.session_ttl,
            totp: Arc::new(TotpPolicy {
                required_groups: self.totp_required_groups.clone(),
            }),
        }
    }
}

impl Settings {
    /// The folder of uploads and exports.
    pub fn storage_folder(&self) -> PathBuf {
        let configured = self.storage.path.clone();
        configured.unwrap_or_else(|| self.data.dir.join("files"))
    }

    /// Fails with all errors at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        Configuration::read(sources).settings
    }
}
