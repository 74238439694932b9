//! Sections of the settings, and rules across settings.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use abu_application::{
    messaging::{
        rooms::{RoomLimits, RoomQuotas},
        writer::WriterPolicy,
    },
    platform::{
        jobs::JobSettings,
        rate_limits::{Quota, RateLimitSettings},
    },
};
use abu_chat::ChatSettings;
use abu_domain::{
    access::GroupName,
    identity::text::NewPassword,
    platform::text::{EmailAddress, PersonName},
};
use abu_logging::{Filter, Format};
use abu_mail::{MailSettings, SmtpLogIn, SmtpSecurity, SmtpSettings};
use chrono::TimeDelta;
use ipnet::{IpNet, Ipv4Net};
use lettre::{Address, message::Mailbox, transport::smtp::client::Certificate};
use secrecy::{ExposeSecret, SecretString};

use super::{
    AuthSettings, ConsoleSettings, CorsSettings, DataSettings, DatabaseSettings, DirectorySettings,
    DocsSettings, Environment, ImportSettings, LogSettings, MetricsSettings, ServerSettings,
    Settings, StorageSettings, SuperuserSettings, reader::Reader,
};

/// The key length of HMAC-SHA256 and XChaCha20: a shorter secret would be the weakest part.
const MIN_SECRET_BYTES: usize = 32;
/// A random secret of that length has more different bytes.
const MIN_DIFFERENT_BYTES: usize = 10;
/// Words of secrets copied from examples.
const PLACEHOLDER_WORDS: [&str; 7] = [
    "change", "default", "example", "password", "replace", "secret", "your",
];
const MIN_PRODUCTION_BCRYPT_COST: u32 = 10;

/// The result is valid only if the reader has no errors.
pub(super) fn read(reader: &mut Reader, environment: Environment) -> Settings {
    let mut settings = Settings {
        environment,
        server: server(reader, environment),
        database: database(reader),
        auth: auth(reader),
        superuser: superuser(reader),
        rate_limits: rate_limits(reader),
        cors: cors(reader),
        console: ConsoleSettings {
            enabled: reader.flag("console.enabled"),
        },
        docs: DocsSettings {
            enabled: reader.flag("docs.enabled"),
        },
        log: log(reader),
        metrics: MetricsSettings {
            listen: reader.parsed("metrics.listen", |text| {
                text.parse()
                    .map_err(|_invalid| "must be an address and a port, such as 127.0.0.1:9464")
            }),
        },
        storage: StorageSettings {
            path: reader.text("storage.path").map(PathBuf::from),
        },
        data: data(reader),
        mail: mail(reader, environment),
        jobs: JobSettings {
            workers: reader.whole("jobs.workers", 2..=32),
            poll_interval: reader.seconds("jobs.poll_interval", 0.05..=60.0),
        },
        imports: ImportSettings {
            max_bytes: reader.whole("imports.max_bytes", 1_024..=8_589_934_592),
        },
        directory: DirectorySettings {
            pool_size: reader.whole("directory.pool_size", 1..=100),
            queue_timeout: reader.seconds("directory.queue_timeout", 0.001..=10.0),
            search_timeout: reader.seconds("directory.search_timeout", 0.01..=30.0),
        },
        chat: chat(reader),
        rooms: rooms(reader),
        writer: writer(reader),
    };
    settings.chat.rate_limits_enabled = settings.rate_limits.enabled;
    compare(reader, &settings);
    if environment == Environment::Production {
        demand_for_production(reader, &settings);
    }
    settings
}

fn server(reader: &mut Reader, environment: Environment) -> ServerSettings {
    ServerSettings {
        host: reader.required("server.host", IpAddr::from([127, 0, 0, 1]), |text| {
            text.parse()
                .map_err(|_no_address| "must be an IP address such as 127.0.0.1 or ::")
        }),
        port: reader.whole("server.port", 0..=65_535),
        workers: reader.whole("server.workers", 0..=512),
        drain_delay: reader.seconds("server.drain_delay", 0.0..=600.0),
        drain_spread: reader.seconds("server.drain_spread", 0.0..=600.0),
        shutdown_timeout: reader.seconds("server.shutdown_timeout", 1.0..=600.0),
        request_timeout: reader.seconds("server.request_timeout", 0.5..=600.0),
        send_timeout: reader.seconds("server.send_timeout", 0.5..=3_600.0),
        max_body_bytes: reader.whole("server.max_body_bytes", 1_024..=67_108_864),
        trusted_proxies: trusted_proxies(reader, environment),
    }
}

fn trusted_proxies(reader: &mut Reader, environment: Environment) -> Vec<IpNet> {
    let mut texts = reader.list("server.trusted_proxies");
    reader.rule(
        "server.trusted_proxies",
        &[],
        environment != Environment::Production || !texts.is_empty(),
        "must be set in production: the proxies in front of the server, or none",
    );
    if texts == ["none"] {
        texts.clear();
    }
    let networks: Vec<_> = texts.iter().filter_map(|text| network(text)).collect();
    reader.rule(
        "server.trusted_proxies",
        &[],
        networks.len() == texts.len(),
        "must hold IP addresses and networks, such as 10.0.0.1 and 10.0.0.0/8, or be none",
    );
    networks
}

/// Parses a network, or an address as a network of one. IPv4-mapped IPv6 becomes IPv4, as with
/// client addresses.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_no_address) => text.parse().ok()?,
    };
    match (network.addr().to_canonical(), network) {
        (IpAddr::V4(inside), IpNet::V6(outside)) => {
            let prefix = outside.prefix_len().checked_sub(96)?;
            Ipv4Net::new(inside, prefix).ok().map(IpNet::from)
        }
        _ => Some(network),
    }
}

fn database(reader: &mut Reader) -> DatabaseSettings {
    let url = reader.secret("database.url");
    let is_url = url.as_ref().is_none_or(|url| {
        let url = url.expose_secret();
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    });
    reader.rule(
        "database.url",
        &[],
        is_url,
        "must start with postgres:// or postgresql://",
    );
    DatabaseSettings {
        url,
        pool_size: reader.whole("database.pool_size", 1..=500),
        migrate_on_start: reader.flag("database.migrate_on_start"),
    }
}

fn auth(reader: &mut Reader) -> AuthSettings {
    AuthSettings {
        jwt_secret: long_secret(reader, "auth.jwt_secret"),
        previous_jwt_secret: long_secret(reader, "auth.previous_jwt_secret"),
        access_token_ttl: reader.seconds("auth.access_token_ttl", 1.0..=2_592_000.0),
        session_ttl: reader.seconds("auth.session_ttl", 1.0..=31_536_000.0),
        encryption_key: long_secret(reader, "auth.encryption_key"),
        previous_encryption_key: long_secret(reader, "auth.previous_encryption_key"),
        totp_required_groups: totp_required_groups(reader),
        issuer: reader.required("auth.issuer", String::new(), short_text),
        audience: reader.required("auth.audience", String::new(), short_text),
        bcrypt_cost: reader.whole("auth.bcrypt_cost", 4..=16),
        min_password_score: reader.whole("auth.min_password_score", 0..=4),
        verification_ttl: span(reader.seconds("auth.verification_ttl", 60.0..=2_592_000.0)),
        reset_ttl: span(reader.seconds("auth.reset_ttl", 60.0..=86_400.0)),
    }
}

fn totp_required_groups(reader: &mut Reader) -> Vec<String> {
    let names = reader.list("auth.totp_required_groups");
    reader.rule(
        "auth.totp_required_groups",
        &[],
        names.iter().all(|name| GroupName::parse(name).is_ok()),
        "must hold names of groups, such as super_admin_group",
    );
    names
}

fn long_secret(reader: &mut Reader, key: &'static str) -> Option<SecretString> {
    let secret = reader.secret(key);
    reader.rule(
        key,
        &[],
        secret
            .as_ref()
            .is_none_or(|secret| secret.expose_secret().len() >= MIN_SECRET_BYTES),
        format!("must have at least {MIN_SECRET_BYTES} bytes"),
    );
    secret
}

fn superuser(reader: &mut Reader) -> SuperuserSettings {
    SuperuserSettings {
        email: reader.parsed("superuser.email", EmailAddress::parse),
        password: reader
            .secret("superuser.password")
            .and_then(|password| reader.kept("superuser.password", NewPassword::parse(password))),
        firstname: reader.parsed("superuser.firstname", PersonName::parse),
        lastname: reader.parsed("superuser.lastname", PersonName::parse),
    }
}

fn rate_limits(reader: &mut Reader) -> RateLimitSettings {
    let mut quota = |key| reader.required(key, Quota::LEAST, str::parse);
    RateLimitSettings {
        default: quota("rate_limits.default"),
        anonymous: quota("rate_limits.anonymous"),
        handshake: quota("rate_limits.handshake"),
        failed_handshake: quota("rate_limits.failed_handshake"),
        refresh: quota("rate_limits.refresh"),
        failed_refresh: quota("rate_limits.failed_refresh"),
        directory: quota("rate_limits.directory"),
        suggestions: quota("rate_limits.suggestions"),
        directory_cards: quota("rate_limits.directory_cards"),
        log_in_account: quota("rate_limits.log_in_account"),
        log_in_network: quota("rate_limits.log_in_network"),
        log_in_elsewhere: quota("rate_limits.log_in_elsewhere"),
        one_time_password: quota("rate_limits.one_time_password"),
        register: quota("rate_limits.register"),
        recover: quota("rate_limits.recover"),
        recover_network: quota("rate_limits.recover_network"),
        // The wiring copies them from the chat's settings.
        enabled: reader.flag("rate_limits.enabled"),
    }
}

fn cors(reader: &mut Reader) -> CorsSettings {
    let allowed_origins = reader.list("cors.allowed_origins");
    reader.rule(
        "cors.allowed_origins",
        &[],
        allowed_origins
            .iter()
            .all(|origin| origin == "*" || is_origin(origin)),
        "must hold origins in lower case and without a path, such as https://alumni.abu.edu.ng, or *",
    );
    CorsSettings { allowed_origins }
}

fn log(reader: &mut Reader) -> LogSettings {
    LogSettings {
        format: reader.required("log.format", Format::Text, str::parse),
        filter: reader.required("log.filter", Filter::default(), Filter::parse),
    }
}

fn data(reader: &mut Reader) -> DataSettings {
    DataSettings {
        dir: reader.required("data.dir", PathBuf::new(), |text| match text {
            "" => Err("must name a folder"),
            _ => Ok(PathBuf::from(text)),
        }),
    }
}

fn mail(reader: &mut Reader, environment: Environment) -> MailSettings {
    let from = reader.parsed("mail.from", mailbox);
    let reply_to = reader.parsed("mail.reply_to", mailbox);
    let site_url = reader.parsed("mail.site_url", site_url);
    let smtp = smtp(reader);
    if environment == Environment::Production {
        demand_for_mail(reader, &from, &site_url, &smtp);
    }
    MailSettings {
        from: from.unwrap_or_else(made_up_sender),
        reply_to,
        site_url: site_url.unwrap_or_else(|| "http://localhost:3000".to_owned()),
        smtp,
        max_attempts: reader.whole("mail.max_attempts", 1..=100),
        poll_interval: reader.seconds("mail.poll_interval", 0.05..=60.0),
        keep_sent_days: reader.whole("mail.keep_sent_days", 1..=365),
    }
}

/// Validates all settings even without a host, for which they have no effect.
fn smtp(reader: &mut Reader) -> Option<SmtpSettings> {
    let host = reader.parsed("mail.smtp_host", host_name);
    let port = reader.whole("mail.smtp_port", 1..=65_535);
    let security = reader.required("mail.smtp_security", SmtpSecurity::Tls, smtp_security);
    let username = reader.text("mail.smtp_username");
    let password = reader.secret("mail.smtp_password");
    reader.rule(
        "mail.smtp_password",
        &["mail.smtp_username"],
        username.is_some() == password.is_some(),
        "must be set if and only if mail.smtp_username is",
    );
    let authority = reader.parsed("mail.smtp_ca", certificates);
    let timeout = reader.seconds("mail.smtp_timeout", 1.0..=300.0);
    Some(SmtpSettings {
        host: host?,
        port,
        security,
        log_in: username
            .zip(password)
            .map(|(username, password)| SmtpLogIn { username, password }),
        authority,
        timeout,
    })
}

fn chat(reader: &mut Reader) -> ChatSettings {
    ChatSettings {
        max_frame_bytes: reader.whole("chat.max_frame_bytes", 1_024..=16_777_216),
        max_fragments: ChatSettings::MAX_FRAGMENTS,
        ping_interval: reader.seconds("chat.ping_interval", 0.05..=3_600.0),
        idle_timeout: reader.seconds("chat.idle_timeout", 0.1..=7_200.0),
        close_timeout: reader.seconds("chat.close_timeout", 0.05..=60.0),
        max_sessions_per_user: reader.whole("chat.max_sessions_per_user", 1..=1_000),
        // More than the write buffer of the HTTP layer takes of it.
        outbox_max_bytes: reader.whole("chat.outbox_max_bytes", 65_536..=67_108_864),
        send_buffer_bytes: reader.whole("chat.send_buffer_bytes", 4_096..=16_777_216),
        // `read` copies it from the rate limits.
        rate_limits_enabled: true,
        messages_per_second: reader.whole("chat.messages_per_second", 1..=100_000),
        messages_per_minute: reader.whole("chat.messages_per_minute", 1..=1_000_000),
        // At least the longest message: 4,000 characters of four bytes.
        message_bytes_at_once: reader.whole("chat.message_bytes_at_once", 16_000..=1_000_000_000),
        message_bytes_per_minute: reader
            .whole("chat.message_bytes_per_minute", 16_000..=1_000_000_000),
        packets_per_second: reader.whole("chat.packets_per_second", 1..=100_000),
        errors_per_minute: reader.whole("chat.errors_per_minute", 1..=100_000),
        typing_room_limit: reader.whole("chat.typing_room_limit", 0..=100_000),
        notices_per_minute: reader.whole("chat.notices_per_minute", 1..=1_000_000_000),
        typing_timeout: reader.seconds("chat.typing_timeout", 0.1..=600.0),
        worker_queue: reader.whole("chat.worker_queue", 1..=1_000_000),
    }
}

fn rooms(reader: &mut Reader) -> RoomLimits {
    let quotas = RoomQuotas {
        rooms: reader.whole("chat.rooms_made_per_day", 1..=100_000),
        people: reader.whole("chat.people_added_per_day", 1..=1_000_000),
    };
    RoomLimits {
        max_members: reader.whole("chat.max_room_members", 2..=100_000),
        max_rooms_per_user: reader.whole("chat.max_rooms_per_user", 1..=100_000),
        quotas: Some(quotas),
    }
}

fn writer(reader: &mut Reader) -> WriterPolicy {
    WriterPolicy {
        queue: reader.whole("chat.writer_queue", 1..=1_000_000),
        batch: reader.whole("chat.writer_batch", 1..=5_000),
        gather: reader.seconds("chat.writer_gather", 0.0..=0.1),
        store_timeout: reader.seconds("chat.store_patience", 0.1..=60.0),
    }
}

fn span(time: Duration) -> TimeDelta {
    // The longest valid duration is far below the limit of `TimeDelta`.
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

/// Rules between two settings.
fn compare(reader: &mut Reader, settings: &Settings) {
    let chat = &settings.chat;
    let mut longer = |key, other, holds: bool| {
        reader.rule(key, &[other], holds, format!("must be more than {other}"));
    };
    longer(
        "chat.idle_timeout",
        "chat.ping_interval",
        chat.idle_timeout > chat.ping_interval,
    );
    longer(
        "chat.outbox_max_bytes",
        "chat.max_frame_bytes",
        chat.outbox_max_bytes > chat.max_frame_bytes,
    );
    longer(
        "server.shutdown_timeout",
        "chat.close_timeout",
        settings.server.shutdown_timeout > chat.close_timeout,
    );
    let longest_mail = settings.mail.smtp.as_ref().map(|smtp| smtp.timeout);
    reader.rule(
        "server.shutdown_timeout",
        &["mail.smtp_timeout"],
        longest_mail.is_none_or(|longest| settings.server.shutdown_timeout > longest),
        "must be more than mail.smtp_timeout",
    );
    let auth = &settings.auth;
    let differ = |one: &Option<SecretString>, other: &Option<SecretString>| {
        let text = SecretString::expose_secret;
        one.is_none() || one.as_ref().map(text) != other.as_ref().map(text)
    };
    for (key, current, holds) in [
        (
            "auth.previous_jwt_secret",
            "auth.jwt_secret",
            differ(&auth.previous_jwt_secret, &auth.jwt_secret),
        ),
        (
            "auth.previous_encryption_key",
            "auth.encryption_key",
            differ(&auth.previous_encryption_key, &auth.encryption_key),
        ),
    ] {
        reader.rule(
            key,
            &[current],
            holds,
            format!("must be another one than {current}"),
        );
    }
    reader.rule(
        "auth.session_ttl",
        &["auth.access_token_ttl"],
        settings.auth.session_ttl >= settings.auth.access_token_ttl,
        "must not be less than auth.access_token_ttl",
    );
    reader.rule(
        "chat.messages_per_minute",
        &["chat.messages_per_second"],
        chat.messages_per_minute >= chat.messages_per_second,
        "must not be less than chat.messages_per_second",
    );
    reader.rule(
        "chat.message_bytes_per_minute",
        &["chat.message_bytes_at_once"],
        chat.message_bytes_per_minute >= chat.message_bytes_at_once,
        "must not be less than chat.message_bytes_at_once",
    );
    reader.rule(
        "chat.writer_batch",
        &["chat.writer_queue"],
        settings.writer.batch <= settings.writer.queue,
        "must not be more than chat.writer_queue",
    );
}

/// Rules against settings that are unsafe in production.
fn demand_for_production(reader: &mut Reader, settings: &Settings) {
    reader.rule(
        "database.url",
        &[],
        settings.database.url.is_some(),
        "must be set in production",
    );
    let auth = &settings.auth;
    for (key, secret) in [
        ("auth.jwt_secret", &auth.jwt_secret),
        ("auth.encryption_key", &auth.encryption_key),
    ] {
        reader.rule(key, &[], secret.is_some(), "must be set in production");
        reader.rule(
            key,
            &[],
            secret.as_ref().is_some_and(looks_random),
            "must be random in production, such as the output of: openssl rand -hex 32",
        );
    }
    let expose = |secret: &Option<SecretString>| {
        let text = secret.as_ref().map(SecretString::expose_secret);
        text.map(str::to_owned)
    };
    reader.rule(
        "auth.encryption_key",
        &["auth.jwt_secret"],
        expose(&auth.encryption_key) != expose(&auth.jwt_secret),
        "must be another one than auth.jwt_secret",
    );
    reader.rule(
        "auth.bcrypt_cost",
        &[],
        settings.auth.bcrypt_cost >= MIN_PRODUCTION_BCRYPT_COST,
        format!("must be at least {MIN_PRODUCTION_BCRYPT_COST} in production"),
    );
    reader.rule(
        "cors.allowed_origins",
        &[],
        !settings
            .cors
            .allowed_origins
            .iter()
            .any(|origin| origin == "*"),
        "must not allow every origin in production",
    );
    reader.rule(
        "server.trusted_proxies",
        &[],
        settings
            .server
            .trusted_proxies
            .iter()
            .all(|network| network.prefix_len() > 0),
        "must not trust every address in production",
    );
}

/// Rules against undeliverable mail, broken links, and cleartext secrets.
fn demand_for_mail(
    reader: &mut Reader,
    from: &Option<Mailbox>,
    site_url: &Option<String>,
    smtp: &Option<SmtpSettings>,
) {
    let required = "must be set in production";
    reader.rule("mail.from", &[], from.is_some(), required);
    reader.rule("mail.site_url", &[], site_url.is_some(), required);
    reader.rule("mail.smtp_host", &[], smtp.is_some(), required);
    reader.rule(
        "mail.site_url",
        &[],
        site_url
            .as_ref()
            .is_some_and(|url| url.starts_with("https://")),
        "must start with https:// in production",
    );
    let in_clear = smtp
        .as_ref()
        .is_some_and(|smtp| smtp.security == SmtpSecurity::None && smtp.log_in.is_some());
    reader.rule(
        "mail.smtp_security",
        &[],
        !in_clear,
        "must be starttls or tls in production where there is a password",
    );
}

/// A sender for development that receives no replies.
fn made_up_sender() -> Mailbox {
    let address = Address::new_dangerous("no-reply", "example.com");
    Mailbox::new(Some("ABU Alumni Connect".to_owned()), address)
}

/// Rejects placeholders and typed words.
fn looks_random(secret: &SecretString) -> bool {
    let secret = secret.expose_secret().to_lowercase();
    let mut bytes = secret.clone().into_bytes();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() >= MIN_DIFFERENT_BYTES
        && !PLACEHOLDER_WORDS.iter().any(|word| secret.contains(word))
}

/// Scheme, host and optional port, as browsers serialize origins.
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
        !host.is_empty() && host.chars().all(allowed)
    })
}

fn short_text(text: &str) -> Result<String, &'static str> {
    match text.chars().count() {
        1..=200 => Ok(text.to_owned()),
        _ => Err("must have 1 to 200 characters"),
    }
}

/// Its host is an A-label: not every relay takes addresses beyond ASCII.
fn mailbox(text: &str) -> Result<Mailbox, &'static str> {
    const RULE: &str = "must be an address such as ABU Alumni Connect <no-reply@alumni.abu.edu.ng>";
    let mailbox: Mailbox = text.parse().map_err(|_no_address| RULE)?;
    if mailbox.email.domain().is_ascii() {
        return Ok(mailbox);
    }
    let host = host_name(mailbox.email.domain()).map_err(|_no_host| RULE)?;
    let email = Address::new(mailbox.email.user(), host).map_err(|_no_address| RULE)?;
    Ok(Mailbox::new(mailbox.name, email))
}

/// A URL without a trailing slash; its host is an A-label. Templates insert it into HTML without escaping.
fn site_url(text: &str) -> Result<String, &'static str> {
    const RULE: &str = "must be an address such as https://alumni.abu.edu.ng, without ? and #";
    let url = text.trim_end_matches('/');
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| ["https", "http"].contains(scheme))
        .ok_or(RULE)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = ascii_authority(authority).ok_or(RULE)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:[]".contains(c);
    let is_allowed = !authority.is_empty()
        && authority.chars().all(allowed)
        && path.chars().all(|c| allowed(c) || c == '/');
    match is_allowed {
        true => Ok(format!("{scheme}://{authority}{path}")),
        false => Err(RULE),
    }
}

/// The host with its port. An IP address is ASCII, so the first colon of another text begins the port.
fn ascii_authority(text: &str) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_owned());
    }
    let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    let host = host_name(host).ok()?;
    Some(host + port)
}

/// A name beyond ASCII becomes its A-label, which DNS and certificates have.
fn host_name(text: &str) -> Result<String, &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let host = match text.is_ascii() {
        true => Some(text.to_owned()),
        false => idna::domain_to_ascii_strict(text).ok(),
    };
    host.filter(|host| host.chars().all(allowed))
        .ok_or("must be a host's name or IP address")
}

fn smtp_security(text: &str) -> Result<SmtpSecurity, &'static str> {
    match text {
        "none" => Ok(SmtpSecurity::None),
        "starttls" => Ok(SmtpSecurity::StartTls),
        "tls" => Ok(SmtpSecurity::Tls),
        _ => Err("must be starttls, tls or none"),
    }
}

fn certificates(text: &str) -> Result<Certificate, &'static str> {
    let begins = |line: &str| line.starts_with("-----BEGIN CERTIFICATE-----");
    match Certificate::from_pem(text.as_bytes()) {
        Ok(certificates) if text.lines().any(begins) => Ok(certificates),
        _ => Err("must be certificates in PEM form"),
    }
}
