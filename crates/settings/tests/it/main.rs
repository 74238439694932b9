//! Settings: sources, precedence, validation.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the test's helpers may fail the test"
)]

use std::{fs, path::Path, time::Duration};

use abu_application::messaging::writer::WriterPolicy;
use abu_chat::ChatSettings;
use abu_domain::access::{AUTOMATIC_GROUPS, SEEDED_GROUPS};
use abu_mail::SmtpSecurity;
use abu_settings::{ConfigErrors, Configuration, Environment, Settings, Sources};
use secrecy::ExposeSecret;
use tempfile::TempDir;

const DEFAULTS: &str = include_str!("../../../../config/default.toml");
const SECRET: &str = "Zq8rT1vX4mN7bK2wL5pD9sG3hJ6fC0yA";
const KEY: &str = "hT5kW9dX2zR7vB4nM1cQ8fL3sJ6gP0yE";

fn development() -> Sources {
    Sources::built_in(Environment::Development)
}

fn production() -> Sources {
    Sources::built_in(Environment::Production)
        .variable("ABU__DATABASE__URL", "postgres://abu@db/abu")
        .variable("ABU__AUTH__JWT_SECRET", SECRET)
        .variable("ABU__AUTH__ENCRYPTION_KEY", KEY)
        .variable("ABU__MAIL__FROM", "ABU Alumni <no-reply@abu.example>")
        .variable("ABU__MAIL__SITE_URL", "https://alumni.abu.example/")
        .variable("ABU__MAIL__SMTP_HOST", "smtp.abu.example")
        .variable("ABU__SERVER__TRUSTED_PROXIES", "none")
}

fn mistakes(sources: &Sources) -> ConfigErrors {
    Settings::load(sources).expect_err("there should be mistakes")
}

fn file(folder: &TempDir, name: &str, content: &str) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn with_config_dir(folder: &Path) -> Sources {
    development().variable("ABU_CONFIG_DIR", folder)
}

#[test]
fn the_program_alone_has_settings_for_development_and_tests() {
    for environment in [Environment::Development, Environment::Test] {
        let settings = Settings::load(&Sources::built_in(environment)).unwrap();
        assert_eq!(settings.environment, environment);
        assert!(settings.database.url.is_none());
        assert!(settings.superuser.email.is_some());
        assert!(settings.database.migrate_on_start);
    }
}

#[test]
fn the_console_is_off_in_production_unless_enabled() {
    assert!(Settings::load(&development()).unwrap().console.enabled);
    assert!(!Settings::load(&production()).unwrap().console.enabled);
    let turned_on = production().variable("ABU__CONSOLE__ENABLED", "true");
    assert!(Settings::load(&turned_on).unwrap().console.enabled);
}

#[test]
fn the_documentation_is_off_in_production_unless_enabled() {
    assert!(Settings::load(&development()).unwrap().docs.enabled);
    assert!(!Settings::load(&production()).unwrap().docs.enabled);
    let turned_on = production().variable("ABU__DOCS__ENABLED", "true");
    assert!(Settings::load(&turned_on).unwrap().docs.enabled);
}

#[test]
fn production_requires_one_time_passwords_of_staff_unless_set_otherwise() {
    let groups = |sources: &Sources| Settings::load(sources).unwrap().auth.totp_required_groups;
    assert_eq!(groups(&development()), [""; 0]);
    let automatic = AUTOMATIC_GROUPS;
    let seeded = SEEDED_GROUPS.iter().map(|group| group.name);
    let staff: Vec<_> = seeded.filter(|name| !automatic.contains(name)).collect();
    assert_eq!(groups(&production()), staff);
    let own = production().variable("ABU__AUTH__TOTP_REQUIRED_GROUPS", "super_admin_group");
    assert_eq!(groups(&own), ["super_admin_group"]);
    let none = production().variable("ABU__AUTH__TOTP_REQUIRED_GROUPS", "");
    assert_eq!(groups(&none), [""; 0]);
}

#[test]
fn the_chats_defaults_are_the_engines_and_the_writers_own() {
    let settings = Settings::load(&development()).unwrap();
    let configured = (settings.chat, settings.writer);
    let defaults = (ChatSettings::default(), WriterPolicy::default());
    assert_eq!(format!("{configured:?}"), format!("{defaults:?}"));
}

#[test]
fn every_setting_is_in_the_defaults_and_explained_there() {
    let mut section = String::new();
    let mut explained = Vec::new();
    let mut comment_above = false;
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let key = format!("{section}.{name}");
            assert!(comment_above, "{key} has no comment");
            explained.push(key);
        }
        comment_above = line.starts_with('#');
    }
    let configuration = Configuration::read(&development());
    let mut read: Vec<_> = configuration.effective.iter().map(|e| e.key).collect();
    read.sort_unstable();
    explained.sort_unstable();
    assert_eq!(read, explained);
}

#[test]
fn later_places_win() {
    let folder = TempDir::new().unwrap();
    file(&folder, "default.toml", "[server]\nport = 1\nworkers = 1");
    let sources = with_config_dir(folder.path());
    let settings = Settings::load(&sources).unwrap();
    assert_eq!((settings.server.port, settings.server.workers), (1, 1));

    file(&folder, "development.toml", "[server]\nport = 2");
    let settings = Settings::load(&sources).unwrap();
    assert_eq!((settings.server.port, settings.server.workers), (2, 1));

    let sources = sources.dotenv(file(&folder, ".env", "ABU__SERVER__PORT=3"));
    assert_eq!(Settings::load(&sources).unwrap().server.port, 3);

    let sources = sources.variable("ABU__SERVER__PORT", "4");
    assert_eq!(Settings::load(&sources).unwrap().server.port, 4);

    let port = file(&folder, "port", "5\n");
    let sources = sources.variable("ABU__SERVER__PORT_FILE", port);
    assert_eq!(Settings::load(&sources).unwrap().server.port, 5);
}

#[test]
fn the_environment_may_stand_in_dotenv() {
    let folder = TempDir::new().unwrap();
    let sources = Sources::default().dotenv(file(&folder, ".env", "ABU_ENV=test\n"));
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.environment, Environment::Test);
}

#[test]
fn a_secret_in_a_file_loses_the_line_end_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let secret = file(&folder, "jwt", &format!(" {SECRET} \r\n"));
    let sources = development().variable("ABU__AUTH__JWT_SECRET_FILE", secret);
    let settings = Settings::load(&sources).unwrap();
    let secret = settings.auth.jwt_secret.unwrap();
    assert_eq!(secret.expose_secret(), format!(" {SECRET} "));
}

#[test]
fn text_from_the_environment_becomes_numbers_times_flags_and_lists() {
    let sources = development()
        .variable("ABU__CHAT__PING_INTERVAL", "0.25")
        .variable("ABU__CHAT__IDLE_TIMEOUT", "90")
        .variable("ABU__RATE_LIMITS__ENABLED", "False")
        .variable(
            "ABU__CORS__ALLOWED_ORIGINS",
            "https://a.example, http://b:81,",
        );
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.chat.ping_interval, Duration::from_millis(250));
    assert_eq!(settings.chat.idle_timeout, Duration::from_secs(90));
    assert!(!settings.rate_limits.enabled);
    assert!(!settings.chat.rate_limits_enabled);
    let origins = settings.cors.allowed_origins;
    assert_eq!(origins, ["https://a.example", "http://b:81"]);
}

#[test]
fn an_empty_variable_unsets_what_may_be_missing() {
    let sources = development()
        .variable("ABU__DATABASE__URL", "")
        .variable("ABU__SUPERUSER__EMAIL", "")
        .variable("ABU__CORS__ALLOWED_ORIGINS", "");
    let settings = Settings::load(&sources).unwrap();
    assert!(settings.database.url.is_none());
    assert!(settings.superuser.email.is_none());
    assert!(settings.cors.allowed_origins.is_empty());
}

#[test]
fn a_log_filter_that_would_silence_the_log_is_refused() {
    for (key, value, problem) in [
        (
            "FILTER",
            "warning",
            "log.filter must be a level (error, warn, info,",
        ),
        (
            "FORMAT",
            "JSON",
            "log.format must be text or json, but is \"JSON\"",
        ),
    ] {
        let found = mistakes(&development().variable(format!("ABU__LOG__{key}"), value));
        assert!(found.to_string().contains(problem), "{found}");
    }
}

#[test]
fn rust_log_wins_over_the_configured_filter() {
    let sources = development()
        .variable("ABU__LOG__FILTER", "error")
        .variable("RUST_LOG", "debug,abu_chat=trace");
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.log.filter.as_str(), "debug,abu_chat=trace");
}

#[test]
fn all_mistakes_are_reported_at_once_by_name_and_place() {
    let folder = TempDir::new().unwrap();
    let defaults = file(
        &folder,
        "default.toml",
        "[server]\nhost = 'nowhere'\nprot = 1\n[chat]\nwriter_batch = 20000",
    );
    let sources = with_config_dir(folder.path())
        .variable("ABU__SERVER__PORT", "70000")
        .variable("ABU__SERVER__WORKERS", "many")
        .variable("ABU__SERVER__SHUTDOWN_TIMEOUT", "NaN")
        .variable("ABU__CHAT__IDLE_TIMEOUT", "10")
        .variable("ABU__LOG__FILTER", "loud=very")
        .variable("ABU__DATABASE__URL_FILE", "/does/not/exist")
        .variable("ABU__CORS__ALLOWED_ORIGINS", "https://a.example/path")
        .variable("ABU__AUTH__TOTP_REQUIRED_GROUPS", "staff_group, The Staff")
        .variable("ABU__SUPERUSER__EMAIL", "unknown")
        .variable("ABU__CAHT__PING_INTERVAL", "10")
        .variable("ABU__X[99999999999]", "1");
    let said = mistakes(&sources).to_string();
    let defaults = defaults.display();
    for line in [
        format!("server.host must be an IP address such as 127.0.0.1 or ::, but is \"nowhere\" (from {defaults})"),
        format!("server.prot is not a setting (from {defaults})"),
        "server.port must be a whole number from 0 to 65535, but is \"70000\" (from the variable ABU__SERVER__PORT)".to_owned(),
        "server.workers must be a whole number from 0 to 512, but is \"many\" (from the variable ABU__SERVER__WORKERS)".to_owned(),
        "server.shutdown_timeout must be a number of seconds from 1 to 600, but is \"NaN\" (from the variable ABU__SERVER__SHUTDOWN_TIMEOUT)".to_owned(),
        "chat.idle_timeout must be more than chat.ping_interval, but is \"10\" (from the variable ABU__CHAT__IDLE_TIMEOUT)".to_owned(),
        format!("chat.writer_batch must be a whole number from 1 to 5000, but is 20000 (from {defaults})"),
        "log.filter must be a level (error, warn, info, debug, trace, off), or module=level, separated by commas, but is \"loud=very\" (from the variable ABU__LOG__FILTER)".to_owned(),
        "ABU__DATABASE__URL_FILE names a file that cannot be read: No such file or directory (os error 2)".to_owned(),
        "cors.allowed_origins must hold origins in lower case and without a path, such as https://alumni.abu.edu.ng, or *, but is \"https://a.example/path\" (from the variable ABU__CORS__ALLOWED_ORIGINS)".to_owned(),
        "auth.totp_required_groups must hold names of groups, such as super_admin_group, but is \"staff_group, The Staff\" (from the variable ABU__AUTH__TOTP_REQUIRED_GROUPS)".to_owned(),
        "superuser.email must be an e-mail address such as amina@example.com, but is \"unknown\" (from the variable ABU__SUPERUSER__EMAIL)".to_owned(),
        "caht.ping_interval is not a setting (from the variable ABU__CAHT__PING_INTERVAL)".to_owned(),
        "ABU__X[99999999999] is not the name of a setting".to_owned(),
    ] {
        assert!(said.lines().any(|said| said.trim() == line), "{line}\nis not in\n{said}");
    }
    assert_eq!(said.lines().count(), 15, "{said}");
}

#[test]
fn proxies_are_addresses_and_networks() {
    let trusted = |text: &str| {
        let sources = development().variable("ABU__SERVER__TRUSTED_PROXIES", text);
        Settings::load(&sources).map(|settings| {
            let networks = settings.server.trusted_proxies.iter();
            networks.map(ToString::to_string).collect::<Vec<_>>()
        })
    };
    let networks = trusted("10.0.0.1, 10.0.0.0/8,::1,2001:db8::/32,::ffff:192.0.2.0/120");
    assert_eq!(
        networks.unwrap(),
        [
            "10.0.0.1/32",
            "10.0.0.0/8",
            "::1/128",
            "2001:db8::/32",
            "192.0.2.0/24"
        ]
    );
    assert!(trusted("").unwrap().is_empty());
    assert!(trusted("none").unwrap().is_empty());
    assert!(trusted("none, 10.0.0.1").is_err());
    for text in [
        "localhost",
        "10.0.0.0/33",
        "10.0.0",
        "10.0.0.1:80",
        "::ffff:0:0/90",
    ] {
        let said = trusted(text).unwrap_err().to_string();
        assert!(
            said.contains("must hold IP addresses and networks"),
            "{said}"
        );
    }
}

#[test]
fn a_quota_that_is_none_is_a_mistake() {
    let sources = development()
        .variable("ABU__RATE_LIMITS__DEFAULT", "many/min")
        .variable("ABU__RATE_LIMITS__RECOVER", "");
    let said = mistakes(&sources).to_string();
    for line in [
        "rate_limits.default must be a number of requests and a time, 1 to 1000000 in 1 s to 24 h, such as 10/15min, but is \"many/min\" (from the variable ABU__RATE_LIMITS__DEFAULT)",
        "rate_limits.recover must be a number of requests and a time, 1 to 1000000 in 1 s to 24 h, such as 10/15min, but is not set (from the variable ABU__RATE_LIMITS__RECOVER)",
    ] {
        assert!(
            said.lines().any(|said| said.trim() == line),
            "{line}\nis not in\n{said}"
        );
    }
}

#[test]
fn production_refuses_what_is_missing_weak_or_wide_open() {
    assert!(Settings::load(&production()).is_ok());
    let said = mistakes(&Sources::built_in(Environment::Production)).to_string();
    assert!(
        said.contains("database.url must be set in production"),
        "{said}"
    );
    assert!(
        said.contains("auth.jwt_secret must be set in production"),
        "{said}"
    );
    assert!(
        said.contains("auth.encryption_key must be set in production"),
        "{said}"
    );
    for key in ["mail.from", "mail.site_url", "mail.smtp_host"] {
        let wanted = format!("{key} must be set in production");
        assert!(said.contains(&wanted), "{said}");
    }
    assert!(
        said.contains("server.trusted_proxies must be set in production"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 8, "{said}");

    for (name, value, rule) in [
        ("ABU__AUTH__JWT_SECRET", &SECRET[1..], "at least 32 bytes"),
        ("ABU__AUTH__JWT_SECRET", &"ab".repeat(32), "must be random"),
        (
            "ABU__AUTH__JWT_SECRET",
            "please-CHANGE-me-0123456789-abcdef",
            "must be random",
        ),
        ("ABU__AUTH__ENCRYPTION_KEY", &KEY[1..], "at least 32 bytes"),
        (
            "ABU__AUTH__ENCRYPTION_KEY",
            &"ab".repeat(32),
            "must be random",
        ),
        (
            "ABU__AUTH__ENCRYPTION_KEY",
            SECRET,
            "must be another one than auth.jwt_secret",
        ),
        (
            "ABU__CORS__ALLOWED_ORIGINS",
            "https://a.example,*",
            "must not allow every origin",
        ),
        ("ABU__AUTH__BCRYPT_COST", "4", "at least 10"),
        (
            "ABU__SERVER__TRUSTED_PROXIES",
            "10.0.0.1,0.0.0.0/0",
            "must not trust every address",
        ),
        (
            "ABU__DATABASE__URL",
            "mysql://db",
            "must start with postgres://",
        ),
        (
            "ABU__MAIL__SITE_URL",
            "http://alumni.abu.example",
            "must start with https://",
        ),
    ] {
        let said = mistakes(&production().variable(name, value)).to_string();
        assert!(said.contains(rule), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

#[test]
fn a_session_outlives_its_access_tokens() {
    let said = mistakes(&development().variable("ABU__AUTH__SESSION_TTL", "899")).to_string();
    assert!(
        said.contains("auth.session_ttl must not be less than auth.access_token_ttl"),
        "{said}"
    );
    let equal = development().variable("ABU__AUTH__SESSION_TTL", "900");
    assert!(Settings::load(&equal).is_ok());
}

#[test]
fn mail_is_sent_as_configured_and_outside_production_becomes_files() {
    let mail = Settings::load(&development()).unwrap().mail;
    assert!(mail.smtp.is_none());
    assert_eq!(mail.site_url, "http://localhost:3000");
    assert_eq!(mail.from.email.to_string(), "no-reply@example.com");

    let sources = production()
        .variable("ABU__MAIL__SMTP_SECURITY", "tls")
        .variable("ABU__MAIL__SMTP_PORT", "465")
        .variable("ABU__MAIL__SMTP_USERNAME", "abu")
        .variable("ABU__MAIL__SMTP_PASSWORD", "a password");
    let mail = Settings::load(&sources).unwrap().mail;
    assert_eq!(mail.site_url, "https://alumni.abu.example");
    let smtp = mail.smtp.unwrap();
    assert_eq!(smtp.security, SmtpSecurity::Tls);
    assert_eq!((smtp.host.as_str(), smtp.port), ("smtp.abu.example", 465));
    assert_eq!(smtp.log_in.unwrap().username, "abu");
}

#[test]
fn links_in_mails_lead_to_the_a_label_of_an_international_host() {
    for (site_url, expected) in [
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        (
            "https://bücher.example:8443/alumni/",
            "https://xn--bcher-kva.example:8443/alumni",
        ),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ] {
        let sources = production().variable("ABU__MAIL__SITE_URL", site_url);
        let mail = Settings::load(&sources).unwrap().mail;
        assert_eq!(mail.site_url, expected);
    }
    for site_url in [
        "https://bücher.example/é",
        "https://a\u{200d}ü.example",
        "https://bü cher.example",
        "https://amina@bücher.example",
        "https://bücher.example:é",
        "https:///bücher",
        "ftp://bücher.example",
    ] {
        let said = mistakes(&production().variable("ABU__MAIL__SITE_URL", site_url)).to_string();
        assert!(
            said.contains("mail.site_url must be an address such as"),
            "{site_url}: {said}"
        );
    }
}

#[test]
fn invalid_and_unsafe_mail_settings_are_refused_in_production() {
    let folder = TempDir::new().unwrap();
    let no_certificate = file(&folder, "ca.pem", "nothing");
    for (changes, rule) in [
        (
            vec![("FROM", "unknown")],
            "mail.from must be an address such as",
        ),
        (
            vec![("FROM", "a@b.example\r\nBcc: c@d.example")],
            "mail.from must be an address such as",
        ),
        (
            vec![("SITE_URL", "https://a.example/?x=\"")],
            "mail.site_url must be an address such as",
        ),
        (
            vec![("SMTP_HOST", "a host")],
            "mail.smtp_host must be a host's name",
        ),
        (
            vec![("SMTP_SECURITY", "ssl")],
            "mail.smtp_security must be starttls, tls or none",
        ),
        (
            vec![("SMTP_PASSWORD", "hunter2")],
            "mail.smtp_password must be set if and only if",
        ),
        (
            vec![
                ("SMTP_SECURITY", "none"),
                ("SMTP_USERNAME", "abu"),
                ("SMTP_PASSWORD", "hunter2"),
            ],
            "mail.smtp_security must be starttls or tls in production",
        ),
        (
            vec![("SMTP_CA_FILE", no_certificate.to_str().unwrap())],
            "mail.smtp_ca must be certificates in PEM form",
        ),
        (
            vec![("SMTP_TIMEOUT", "30")],
            "server.shutdown_timeout must be more than mail.smtp_timeout",
        ),
    ] {
        let sources = changes.iter().fold(production(), |sources, (name, value)| {
            sources.variable(format!("ABU__MAIL__{name}"), value)
        });
        let said = mistakes(&sources).to_string();
        assert!(said.contains(rule), "{rule}\nis not in\n{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn production_does_not_migrate_or_allow_browsers_by_itself() {
    let settings = Settings::load(&production()).unwrap();
    assert!(!settings.database.migrate_on_start);
    assert!(settings.cors.allowed_origins.is_empty());
}

#[test]
fn a_wrong_environment_or_folder_is_named() {
    let said = mistakes(&Sources::default().variable("ABU_ENV", "prod")).to_string();
    assert!(
        said.contains("ABU_ENV must be development, production or test, but is \"prod\""),
        "{said}"
    );
    let said = mistakes(&with_config_dir(Path::new("/does/not/exist"))).to_string();
    assert!(said.contains("ABU_CONFIG_DIR names no folder"), "{said}");
}

#[test]
fn neither_mistakes_nor_settings_show_a_secret() {
    let folder = TempDir::new().unwrap();
    let leak = "hunter2-hunter2";
    file(
        &folder,
        "default.toml",
        &format!("[auth]\njwt_secret = {leak}\n"),
    );
    let dotenv = file(&folder, ".env", &format!("\nABU__A B={leak}\n"));
    let sources = with_config_dir(folder.path())
        .dotenv(dotenv)
        .variable("ABU__DATABASE__URL", leak)
        .variable("ABU__AUTH__JWT_SECRET", leak)
        .variable("ABU__SUPERUSER__PASSWORD", &leak[..8])
        .variable("ABU__SUPERUSER__PASWORD", leak);
    let configuration = Configuration::read(&sources);
    let said = configuration.settings.unwrap_err();
    let effective: Vec<_> = configuration
        .effective
        .iter()
        .map(ToString::to_string)
        .collect();
    for text in [said.to_string(), format!("{said:?}"), effective.join("\n")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let said = said.to_string();
    for part in [
        "default.toml cannot be read: TOML parse error at line 2",
        ".env cannot be read: line 2 is no NAME=value",
        "database.url must start with",
        "auth.jwt_secret must have",
        "superuser.password must have",
        "superuser.pasword is not a setting",
    ] {
        assert!(said.contains(part), "{part}\nis not in\n{said}");
    }
    assert!(
        effective
            .iter()
            .any(|e| e == "database.url = (hidden)  # the variable ABU__DATABASE__URL")
    );

    let settings = Settings::load(&production().variable("ABU__SUPERUSER__PASSWORD", leak));
    let settings = format!("{:?}", settings.unwrap());
    assert!(
        !settings.contains("hunter2") && !settings.contains(SECRET),
        "{settings}"
    );
}

#[test]
fn the_examples_of_the_repository_have_no_mistakes() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/.env.example");
    Settings::load(&development().dotenv(example)).unwrap();
}

#[test]
fn the_default_rate_limits_are_those_that_are_promised() {
    let settings = Settings::load(&Sources::built_in(Environment::Test)).unwrap();
    let limits = settings.rate_limits;
    let quotas = [
        limits.default,
        limits.anonymous,
        limits.handshake,
        limits.failed_handshake,
        limits.refresh,
        limits.failed_refresh,
        limits.directory,
        limits.suggestions,
        limits.directory_cards,
        limits.log_in_account,
        limits.log_in_network,
        limits.log_in_elsewhere,
        limits.one_time_password,
        limits.register,
        limits.recover,
        limits.recover_network,
    ];
    assert_eq!(
        quotas.map(|quota| quota.to_string()),
        [
            "300/min",
            "600/min",
            "30/min",
            "600/min",
            "10/min",
            "60/min",
            "60/min",
            "120/min",
            "2000/d",
            "10/15min",
            "100/15min",
            "100/d",
            "5/15min",
            "300/h",
            "3/h",
            "60/h",
        ]
    );
    let messages = (
        settings.chat.messages_per_second,
        settings.chat.messages_per_minute,
        settings.chat.message_bytes_at_once,
        settings.chat.message_bytes_per_minute,
    );
    assert_eq!(messages, (10, 120, 64 * 1024, 256 * 1024));
    assert_eq!(settings.chat.notices_per_minute, 20_000);
}

#[test]
fn a_removed_setting_names_what_replaces_it() {
    let said = mistakes(&development().variable("ABU__RATE_LIMITS__CONNECT", "3000/min"));
    let wanted = "rate_limits.connect is not a setting any more: rate_limits.handshake and \
                  rate_limits.failed_handshake replace it";
    assert!(said.to_string().contains(wanted), "{said}");
}

#[test]
fn a_name_with_the_wrong_underscores_is_reported_with_the_right_one() {
    for (name, right) in [
        (
            "ABU_SERVER_PORT",
            "the setting's variable is ABU__SERVER__PORT",
        ),
        (
            "ABU_SERVER__PORT",
            "the setting's variable is ABU__SERVER__PORT",
        ),
        (
            "ABU__SERVER_PORT",
            "the setting's variable is ABU__SERVER__PORT",
        ),
        (
            "ABU_RATE_LIMITS_FAILED_HANDSHAKE",
            "the setting's variable is ABU__RATE_LIMITS__FAILED_HANDSHAKE",
        ),
        (
            "ABU_AUTH_JWT_SECRET_FILE",
            "the setting's variable is ABU__AUTH__JWT_SECRET_FILE",
        ),
        (
            "ABU_SERVER_LISTEN",
            "variables of settings are spelled like ABU__SERVER__LISTEN",
        ),
    ] {
        let said = mistakes(&development().variable(name, "8080")).to_string();
        let line = format!("{name} is not read: {right}");
        assert!(
            said.lines().any(|said| said.trim() == line),
            "{line}\n{said}"
        );
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

#[test]
fn variables_of_other_programs_are_no_mistakes() {
    let mut sources = development().variable("ABU__SERVER__PORT", "8080");
    for name in [
        "ABU_CHAT_PASSWORD",
        "ABU_IMAGE_TAG",
        "ABUSE_SERVER_PORT",
        "ABU_",
    ] {
        sources = sources.variable(name, "x");
    }
    Settings::load(&sources).unwrap();
}

#[test]
fn an_unquoted_dollar_in_dotenv_is_reported_and_its_value_is_not() {
    let folder = TempDir::new().unwrap();
    let dotenv = file(
        &folder,
        ".env",
        "ABU__DATABASE__URL=postgres://abu:hunter2$x@db/abu\n\
         ABU__SUPERUSER__LASTNAME=\"Bello$HOME\"\n\
         ABU__AUTH__JWT_SECRET='Zq8rT1vX4mN7bK2wL5pD9s$3hJ6fC0yA'\n\
         ABU__AUTH__ENCRYPTION_KEY=hT5kW9dX2zR7vB4nM1cQ8f\\$3sJ6gP0yE\n\
         OTHER=$HOME\n",
    );
    let said = mistakes(&development().dotenv(&dotenv)).to_string();
    for name in ["ABU__DATABASE__URL", "ABU__SUPERUSER__LASTNAME"] {
        let line = format!(
            "{name} in {} has a $ that stands for a variable: put the value in single quotes",
            dotenv.display()
        );
        assert!(
            said.lines().any(|said| said.trim() == line),
            "{line}\n{said}"
        );
    }
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_byte_order_mark_is_reported_wherever_it_is() {
    let folder = TempDir::new().unwrap();
    let toml = file(&folder, "default.toml", "\u{feff}[server]\nport = 8081\n");
    let dotenv = file(&folder, ".env", "\u{feff}ABU__SERVER__WORKERS=2\n");
    let secret = file(&folder, "secret", &format!("\u{feff}{SECRET}\n"));
    let sources = with_config_dir(folder.path())
        .dotenv(&dotenv)
        .variable("ABU__AUTH__JWT_SECRET_FILE", &secret);
    let said = mistakes(&sources).to_string();
    let mark = "begins with a byte-order mark: save it as UTF-8 without one";
    for line in [
        format!("{} {mark}", toml.display()),
        format!("{} {mark}", dotenv.display()),
        format!("ABU__AUTH__JWT_SECRET_FILE names a file that {mark}"),
    ] {
        assert!(
            said.lines().any(|said| said.trim() == line),
            "{line}\n{said}"
        );
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn a_previous_secret_is_long_and_another_one() {
    let rotated = production()
        .variable("ABU__AUTH__PREVIOUS_JWT_SECRET", KEY)
        .variable("ABU__AUTH__PREVIOUS_ENCRYPTION_KEY", SECRET);
    let auth = Settings::load(&rotated).unwrap().auth;
    let previous = [auth.previous_jwt_secret, auth.previous_encryption_key];
    let previous = previous.map(|secret| secret.unwrap().expose_secret().to_owned());
    assert_eq!(previous, [KEY, SECRET]);
    let wrong = production()
        .variable("ABU__AUTH__PREVIOUS_JWT_SECRET", SECRET)
        .variable("ABU__AUTH__PREVIOUS_ENCRYPTION_KEY", "short");
    let said = mistakes(&wrong).to_string();
    for part in [
        "auth.previous_jwt_secret must be another one than auth.jwt_secret",
        "auth.previous_encryption_key must have at least 32 bytes",
    ] {
        assert!(said.contains(part), "{part}\nis not in\n{said}");
    }
}

#[test]
fn hosts_of_mail_beyond_ascii_become_their_a_labels() {
    let sources = production()
        .variable("ABU__MAIL__FROM", "ABU Alumni <No-Reply@bücher.example>")
        .variable("ABU__MAIL__REPLY_TO", "office@ẹ̀kọ́.example")
        .variable("ABU__MAIL__SMTP_HOST", "smtp.BÜCHER.example");
    let mail = Settings::load(&sources).unwrap().mail;
    assert_eq!(
        mail.from.to_string(),
        "ABU Alumni <No-Reply@xn--bcher-kva.example>"
    );
    let reply_to = mail.reply_to.unwrap().email.to_string();
    assert!(
        reply_to.starts_with("office@xn--") && reply_to.is_ascii(),
        "{reply_to}"
    );
    assert_eq!(mail.smtp.unwrap().host, "smtp.xn--bcher-kva.example");
    for host in ["smtp bücher", "ü..example"] {
        let wrong = production().variable("ABU__MAIL__SMTP_HOST", host);
        let said = mistakes(&wrong).to_string();
        assert!(
            said.contains("mail.smtp_host must be a host's name"),
            "{said}"
        );
    }
}
