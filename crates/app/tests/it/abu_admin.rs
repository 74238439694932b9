//! `abu-admin` as a process: commands, prompts, exit codes.

use std::{
    fs,
    io::{ErrorKind, Write},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use abu_application::{
    identity::ports::{OneTimePasswords, PasswordHasher},
    platform::{
        audit::note_head,
        ports::{AuditEntry, Clock},
        rate_limits::{Guard, RateLimits, Subject},
        system::{SystemClock, SystemIds},
    },
};
use abu_chat_protocol::CloseCode;
use abu_domain::{UserId, identity::text::LoginPassword, platform::text::EmailAddress};
use abu_security::{BcryptHasher, HmacHeadSealer, SealedTotp, derive_key};
use abu_settings::{Environment, Settings, Sources};
use abu_test_support::{
    ChatClient, SECRET, SmtpBehavior, SmtpServer, TestDatabase, TestServer, TransactionPooler,
    session_of,
};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::program::{Program, Said, abu_admin, abu_server, folder, isolated, say};

/// Rights, reference data, and the first administrator.
const SET_UP_ENTRIES: usize = 3;
const EMAIL: &str = "office@example.com";
const PASSWORD: &str = "correct horse battery";

fn on(database: &TestDatabase, folder: &TempDir) -> Command {
    let mut command = abu_admin(folder);
    command.env("ABU__DATABASE__URL", database.url().expose_secret());
    command
}

fn say_with_input(command: &mut Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    if let Err(error) = written {
        assert_eq!(
            error.kind(),
            ErrorKind::BrokenPipe,
            "a refusal needs no input"
        );
    }
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it on a pseudo-terminal and types `input`.
fn say_on_terminal(command: &Command, folder: &TempDir, input: &str) -> Said {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = isolated("script", folder);
    for (name, value) in command.get_envs() {
        script.env(name, value.unwrap_or_default());
    }
    script.args(["-q", "-e", "-c", &words.join(" "), "/dev/null"]);
    say_with_input(&mut script, input)
}

fn password_is(database: &TestDatabase, email: &str, password: &str) -> bool {
    let email = EmailAddress::parse(email).unwrap();
    let account = database.read(|tx| tx.credentials(&email)).unwrap().unwrap();
    let password = LoginPassword::new(SecretString::from(password));
    BcryptHasher::new(4)
        .verify(&password, Some(&account.password_hash))
        .is_right()
}

#[test]
fn migrate_updates_an_empty_database_once() {
    let (folder, database) = (folder(), TestDatabase::empty());
    let said = say(on(&database, &folder).arg("migrate"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.lines().count() > 1, "{}", said.out);
    assert!(
        said.out.lines().all(|line| line.starts_with("migrated ")),
        "{}",
        said.out
    );
    let again = say(on(&database, &folder).arg("migrate"));
    assert_eq!(
        (again.code, again.out.as_str()),
        (Some(0), "nothing to migrate\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_the_next_server_mends_what_the_earlier_release_wrote() {
    let (folder, database) = (folder(), TestDatabase::new());
    let user = database.user().create().id;
    database.execute("UPDATE users SET firstname = E'Ami\\u200Bna'");
    let said = say(on(&database, &folder).args(["migrate", "--repeat-backfills"]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let server = TestServer::start_on(database.clone(), |_settings| {}).await;
    while database
        .read(|tx| tx.user(user))
        .unwrap()
        .unwrap()
        .firstname
        .as_str()
        != "Amina"
    {
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

#[test]
fn a_missing_database_has_its_exit_code_and_shows_no_password() {
    let folder = folder();
    let said = say(abu_admin(&folder).arg("migrate").env(
        "ABU__DATABASE__URL",
        "postgres://abu:hunter2@127.0.0.1:1/abu",
    ));
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
}

#[test]
fn bootstrap_makes_the_administrator_once_and_never_changes_them() {
    let (folder, database) = (folder(), TestDatabase::new());
    let bootstrap = |password: &str| {
        say(on(&database, &folder)
            .arg("bootstrap")
            .env("ABU__SUPERUSER__EMAIL", EMAIL)
            .env("ABU__SUPERUSER__PASSWORD", password))
    };
    let first = bootstrap(PASSWORD);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(
        first.out.contains("the administrator was made"),
        "{}",
        first.out
    );
    let second = bootstrap("another password");
    assert_eq!(second.code, Some(0), "{}", second.err);
    assert!(second.out.starts_with("0 missing"), "{}", second.out);
    assert!(
        second.out.contains("keeps their password"),
        "{}",
        second.out
    );
    assert!(password_is(&database, EMAIL, PASSWORD));
}

#[test]
fn after_an_upgrade_bootstrap_adds_permissions_and_asks_for_no_administrator() {
    let (folder, database) = (folder(), TestDatabase::new());
    let seed = || {
        say(on(&database, &folder)
            .args(["bootstrap", "--access-only"])
            .env("ABU__SUPERUSER__EMAIL", ""))
    };
    let first = seed();
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.out.contains("missing permissions"), "{}", first.out);
    assert!(
        first.out.contains("countries: 249 entries were added"),
        "{}",
        first.out
    );
    let second = seed();
    assert!(second.out.starts_with("0 missing"));
    assert!(
        second.out.contains("countries: 0 entries were added"),
        "{}",
        second.out
    );
    assert_eq!(database.texts("SELECT count(*)::text FROM users"), ["0"]);
}

#[test]
fn without_a_terminal_bootstrap_names_everything_that_is_missing() {
    let (folder, database) = (folder(), TestDatabase::new());
    let said = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", "")
        .env("ABU__SUPERUSER__LASTNAME", ""));
    assert_eq!(said.code, Some(3), "{}", said.err);
    for part in [
        "superuser.email (the variable ABU__SUPERUSER__EMAIL, or the file that ABU__SUPERUSER__EMAIL_FILE names)",
        "superuser.lastname",
        "superuser.password",
    ] {
        assert!(said.err.contains(part), "{part} is not in {}", said.err);
    }
    let said = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", EMAIL));
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(
        said.err.contains("ABU__SUPERUSER__PASSWORD"),
        "{}",
        said.err
    );
}

#[test]
fn on_a_terminal_bootstrap_prompts_until_every_answer_is_valid() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut command = on(&database, &folder);
    command.arg("bootstrap").env("ABU__SUPERUSER__EMAIL", "");
    let typed =
        format!("no address\n{EMAIL}\nshort\n{PASSWORD}\nmistyped\n{PASSWORD}\n{PASSWORD}\n");
    let said = say_on_terminal(&command, &folder, &typed);
    assert_eq!(said.code, Some(0), "{}", said.out);
    for part in [
        "E-mail address: ",
        "It must be an e-mail address",
        "It must have at least 10 characters",
        "The two were different.",
        "the administrator was made",
    ] {
        assert!(said.out.contains(part), "{part} is not in {}", said.out);
    }
    assert!(password_is(&database, EMAIL, PASSWORD));
}

#[test]
fn bootstrap_asks_who_the_administrator_is_before_it_opens_the_database() {
    let folder = folder();
    let mut command = abu_admin(&folder);
    command
        .arg("bootstrap")
        .env("ABU__DATABASE__URL", "postgres://abu@127.0.0.1:1/abu")
        .env("ABU__SUPERUSER__EMAIL", "")
        .env("ABU__SUPERUSER__LASTNAME", "");
    let said = say_on_terminal(&command, &folder, &format!("{EMAIL}\nBello\n"));
    assert_eq!(said.code, Some(4), "{}", said.out);
    let asked = said.out.find("Last name: ");
    assert!(asked.is_some(), "{}", said.out);
    assert!(asked < said.out.find("not available"), "{}", said.out);
}

#[test]
fn bootstrap_and_reset_password_want_a_migrated_database() {
    let (folder, database) = (folder(), TestDatabase::empty());
    let bootstrap = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD));
    assert_eq!(bootstrap.code, Some(5), "{}", bootstrap.err);
    assert!(
        bootstrap.err.contains("abu-admin migrate"),
        "{}",
        bootstrap.err
    );
    let mut reset = on(&database, &folder);
    reset.args(["reset-password", EMAIL, "--password-stdin"]);
    let reset = say_with_input(&mut reset, PASSWORD);
    assert_eq!(reset.code, Some(5), "{}", reset.err);
}

#[test]
fn reset_password_reads_the_new_one_from_standard_input_or_a_terminal() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.user().email(EMAIL).create();
    let mut piped = on(&database, &folder);
    piped.args(["reset-password", "Office@Example.com", "--password-stdin"]);
    let said = say_with_input(&mut piped, &format!("{PASSWORD}\r\nignored"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(password_is(&database, EMAIL, PASSWORD));

    let mut asked = on(&database, &folder);
    asked.args(["reset-password", EMAIL]);
    let typed = "another password\nanother password\n";
    let said = say_on_terminal(&asked, &folder, typed);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(password_is(&database, EMAIL, "another password"));
}

#[test]
fn reset_password_kills_the_links_that_were_sent_and_tells_the_owner() {
    let (folder, database) = (folder(), TestDatabase::new());
    let owner = database.user().email(EMAIL).create();
    database.execute(&format!(
        "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
         VALUES (gen_random_uuid(), '{}', '\\x{:064}', now(), now() + interval '1 hour')",
        owner.id, 0
    ));
    let mut reset = on(&database, &folder);
    reset.args(["reset-password", EMAIL, "--password-stdin"]);
    let said = say_with_input(&mut reset, PASSWORD);
    assert_eq!(said.code, Some(0), "{}", said.err);
    database.execute(
        "DO $$ BEGIN
             ASSERT NOT EXISTS (SELECT FROM password_resets WHERE used_at IS NULL);
             ASSERT (SELECT array_agg(kind) FROM email_outbox) = ARRAY['password_changed'];
         END $$",
    );
}

#[test]
fn reset_password_lifts_the_accounts_daily_figure_of_wrong_passwords() {
    let (folder, database) = (folder(), TestDatabase::new());
    let [owner, other] =
        [EMAIL, "amina@example.com"].map(|email| database.user().email(email).create().id);
    let one_a_day = "ABU__RATE_LIMITS__LOG_IN_ELSEWHERE";
    let sources = Sources::built_in(Environment::Test)
        .variable("ABU__AUTH__JWT_SECRET", SECRET)
        .variable(one_a_day, "1/d");
    let settings = Settings::load(&sources).unwrap();
    let key = derive_key(SECRET.as_bytes(), RateLimits::KEY_LABEL);
    let limits = RateLimits::new(settings.rate_limits, key);
    let now = SystemClock.now();
    let spend = |user| {
        let bucket = [limits.bucket(Guard::LogInElsewhere, &[Subject::User(user)])];
        let counted = database.transaction(|tx| limits.count(tx, &bucket, now));
        counted.unwrap().len()
    };
    assert_eq!([owner, other].map(spend), [1, 1]);
    assert_eq!([owner, other].map(spend), [0, 0]);
    let mut reset = on(&database, &folder);
    reset.env("ABU__AUTH__JWT_SECRET", SECRET);
    reset.args(["reset-password", EMAIL, "--password-stdin"]);
    let said = say_with_input(&mut reset, PASSWORD);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!([owner, other].map(spend), [1, 0]);
}

#[test]
fn reset_password_refuses_bad_passwords_unknown_accounts_and_a_missing_terminal() {
    let (folder, database) = (folder(), TestDatabase::new());
    let reset = |email: &str, input: &str| {
        let mut command = on(&database, &folder);
        command.args(["reset-password", email, "--password-stdin"]);
        say_with_input(&mut command, input)
    };
    let short = reset(EMAIL, "short\n");
    assert_eq!(short.code, Some(1), "{}", short.err);
    assert!(
        short.err.contains("must have at least 10 characters"),
        "{}",
        short.err
    );
    let stranger = reset("unknown@example.com", PASSWORD);
    assert_eq!(stranger.code, Some(1), "{}", stranger.err);
    assert!(stranger.err.contains("no account"), "{}", stranger.err);
    assert_eq!(reset("no address", PASSWORD).code, Some(2));
    let unasked = say(on(&database, &folder).args(["reset-password", EMAIL]));
    assert_eq!(unasked.code, Some(2), "{}", unasked.err);
    assert!(unasked.err.contains("--password-stdin"), "{}", unasked.err);
}

#[test]
fn an_error_message_names_its_causes() {
    // Migrated, and nothing seeded.
    let (folder, database) = (folder(), TestDatabase::new());
    database.user().email(EMAIL).create();
    let grant = say(on(&database, &folder).args(["user", "grant", EMAIL, "editor_group"]));
    assert_eq!(
        (grant.code, grant.complaint().as_str()),
        (
            Some(1),
            "abu-admin: the database refused: nothing is seeded\n"
        )
    );
    let mut reset = on(&database, &folder);
    reset.args(["reset-password", EMAIL, "--password-stdin"]);
    let personal = say_with_input(&mut reset, "amina bello of kongo");
    assert_eq!(
        (personal.code, personal.complaint().as_str()),
        (
            Some(1),
            "abu-admin: the password must not contain your name or your e-mail address\n"
        )
    );
    let ordinary = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", EMAIL));
    assert_eq!(
        (ordinary.code, ordinary.complaint().as_str()),
        (
            Some(1),
            "abu-admin: the superuser's e-mail address belongs to an ordinary account\n"
        )
    );
}

#[test]
fn with_no_database_configured_it_uses_the_servers_own_running_or_not() {
    let folder = folder();
    let alone = say(abu_admin(&folder).arg("migrate"));
    assert_eq!(alone.code, Some(0), "{}", alone.err);
    assert!(alone.out.contains("migrated "), "{}", alone.out);

    let server = Program::start(&mut abu_server(&folder));
    let address = server.address();
    let kept = folder.path().join(".data/secrets/superuser_password");
    assert!(kept.exists());
    let mut reset = abu_admin(&folder);
    reset.args(["reset-password", "admin@example.com", "--password-stdin"]);
    let beside = say_with_input(&mut reset, PASSWORD);
    assert_eq!(beside.code, Some(0), "{}", beside.err);
    assert!(!kept.exists(), "it is not their password any more");

    let url = format!("--url=http://{address}/health/ready");
    let health = say(abu_admin(&folder).args(["check-health", &url]));
    assert_eq!((health.code, health.out.as_str()), (Some(0), "ready\n"));
}

/// Action, actor, kind of target and details of every entry in the audit log.
fn audited(database: &TestDatabase) -> Vec<(String, String, Option<String>, String)> {
    let entries = database.read(|tx| tx.audit_chain(0, 100)).unwrap();
    let parts = |entry: AuditEntry| {
        let row = entry.row;
        (row.action, row.actor, row.target_type, row.details)
    };
    entries.into_iter().map(parts).collect()
}

fn os_user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    user.unwrap().unwrap().name
}

#[test]
fn what_the_operator_does_is_in_the_audit_log_under_their_name() {
    let (folder, database) = (folder(), TestDatabase::new());
    let bootstrap = || {
        say(on(&database, &folder)
            .arg("bootstrap")
            .env("ABU__SUPERUSER__EMAIL", EMAIL)
            .env("ABU__SUPERUSER__PASSWORD", PASSWORD))
    };
    assert_eq!(bootstrap().code, Some(0));
    let mut reset = on(&database, &folder);
    reset
        .args(["reset-password", EMAIL, "--password-stdin"])
        .env("SUDO_USER", "amina");
    assert_eq!(say_with_input(&mut reset, PASSWORD).code, Some(0));
    let actor = format!("os:{}", os_user());
    let (loads, entries): (Vec<_>, Vec<_>) = audited(&database)
        .into_iter()
        .partition(|(action, ..)| action == "reference.load");
    assert_eq!(loads.len(), 1);
    assert!(loads.iter().all(|(_, by, ..)| *by == actor), "{loads:?}");
    let user = || Some("user".to_owned());
    assert_eq!(
        entries
            .iter()
            .map(|(action, by, target, _)| (action.as_str(), by.as_str(), target.clone()))
            .collect::<Vec<_>>(),
        [
            ("access.seed", actor.as_str(), None),
            ("user.create", &actor, user()),
            ("password.reset", &actor, user()),
        ]
    );
    assert_eq!(entries[1].3, r#"{"is_superuser":"true"}"#);
    assert_eq!(entries[2].3, r#"{"sudo_user":"amina"}"#);
    // Doing it again changes nothing, and so is no news.
    assert_eq!(bootstrap().code, Some(0));
    assert_eq!(audited(&database).len(), 4);
}

#[test]
fn reset_password_ends_every_session_of_the_account() {
    let (folder, database) = (folder(), TestDatabase::new());
    let [user, other] =
        [EMAIL, "other@example.com"].map(|email| database.user().email(email).create().id);
    let mut reset = on(&database, &folder);
    reset.args(["reset-password", EMAIL, "--password-stdin"]);
    assert_eq!(say_with_input(&mut reset, PASSWORD).code, Some(0));
    let sessions = [user, other].map(session_of);
    let live = database.read(|tx| tx.live_sessions(&sessions)).unwrap();
    assert_eq!(live, [session_of(other)]);
}

#[test]
fn verify_audit_log_prints_the_head_and_detects_tampering() {
    let (folder, database) = (folder(), TestDatabase::new());
    let verify = |arguments: &[&str]| {
        let mut command = on(&database, &folder);
        say(command.arg("verify-audit-log").args(arguments))
    };
    let empty = verify(&[]);
    assert_eq!(empty.code, Some(0), "{}", empty.err);
    assert!(
        empty.out.starts_with("0 entries, whole\nhead 0:0000"),
        "{}",
        empty.out
    );

    let bootstrap = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", EMAIL)
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD));
    assert_eq!(bootstrap.code, Some(0), "{}", bootstrap.err);
    let whole = verify(&[]);
    assert_eq!(whole.code, Some(0), "{}", whole.err);
    let (count, head) = whole.out.trim_end().split_once('\n').unwrap();
    assert_eq!(count, format!("{SET_UP_ENTRIES} entries, whole"));
    let head = head.strip_prefix("head ").unwrap();
    assert!(head.starts_with(&format!("{SET_UP_ENTRIES}:")), "{head}");

    assert_eq!(verify(&["--known", head]).code, Some(0));
    let from = verify(&["--from", head]);
    assert!(from.out.starts_with("1 entries"), "{}", from.out);
    let early = format!("1:{}", &head[2..]);
    assert_eq!(verify(&["--from", head, "--known", &early]).code, Some(2));
    assert_eq!(verify(&["--known", "2:ffff"]).code, Some(2));

    let other = verify(&["--known", &early]);
    assert_eq!(other.code, Some(7), "{}", other.err);
    assert!(
        other
            .err
            .contains("entry 1 of the audit log is not the one whose hash was noted"),
        "{}",
        other.err
    );
    database.execute(
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;
         UPDATE audit_log SET actor = 'os:another' WHERE seq = 2",
    );
    let changed = verify(&[]);
    assert_eq!((changed.code, changed.out.as_str()), (Some(7), ""));
    assert!(
        changed
            .err
            .contains("entry 2 of the audit log does not say what it said"),
        "{}",
        changed.err
    );
}

#[tokio::test]
async fn a_running_server_closes_chat_connections_that_the_operator_revokes() {
    let server = TestServer::start().await;
    let [user, other] =
        [EMAIL, "other@example.com"].map(|email| server.database().user().email(email).create().id);
    let room = server.database().group(other).create().id;
    let mut ended = ChatClient::connect(&server.chat_url(user)).await.unwrap();
    let mut untouched = ChatClient::connect(&server.chat_url(other)).await.unwrap();
    let (folder, database) = (folder(), server.database().clone());
    let reset = tokio::task::spawn_blocking(move || {
        let mut reset = on(&database, &folder);
        reset.args(["reset-password", EMAIL, "--password-stdin"]);
        say_with_input(&mut reset, PASSWORD)
    });
    assert_eq!(reset.await.unwrap().code, Some(0));
    assert_eq!(ended.closed().await, CloseCode::TokenExpired);
    untouched.hears_nothing_else(room).await;
}

#[test]
fn check_health_fails_without_a_server_or_before_it_is_ready() {
    let folder = folder();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let said = say(abu_admin(&folder)
        .arg("check-health")
        .env("ABU__SERVER__PORT", port.to_string()));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("does not answer"), "{}", said.err);

    let server = Program::start(
        abu_server(&folder)
            .env("ABU__SERVER__PORT", port.to_string())
            .env("ABU__DATABASE__URL", "postgres://abu@127.0.0.1:1/abu"),
    );
    server.logs("waiting for the database");
    let said = say(abu_admin(&folder)
        .arg("check-health")
        .env("ABU__SERVER__HOST", "0.0.0.0")
        .env("ABU__SERVER__PORT", port.to_string()));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("is not ready"), "{}", said.err);

    let https = say(abu_admin(&folder).args(["check-health", "--url", "https://a.example/"]));
    assert_eq!(https.code, Some(2), "{}", https.err);
}

#[test]
fn check_config_shows_effective_settings_and_all_errors_but_no_secret() {
    let folder = folder();
    fs::create_dir(folder.path().join("config")).unwrap();
    fs::write(
        folder.path().join("config/test.toml"),
        "[server]\nworkers = 3\n",
    )
    .unwrap();
    fs::write(
        folder.path().join(".env"),
        "ABU__AUTH__JWT_SECRET=hunter2\n",
    )
    .unwrap();
    let said = say(abu_admin(&folder).arg("check-config"));
    assert_eq!(said.code, Some(3), "{}", said.err);
    for line in [
        "# environment: test",
        "server.workers = 3  # config/test.toml",
        "auth.jwt_secret = (hidden)  # ABU__AUTH__JWT_SECRET in .env",
        "database.url = (not set)  # the built-in default.toml",
    ] {
        assert!(
            said.out.lines().any(|said| said == line),
            "{line} is not in {}",
            said.out
        );
    }
    assert!(
        said.err
            .contains("auth.jwt_secret must have at least 32 bytes"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("hunter2") && !said.out.contains("hunter2"));

    fs::remove_file(folder.path().join(".env")).unwrap();
    let said = say(abu_admin(&folder).arg("check-config"));
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let folder = folder();
    let said = say(abu_admin(&folder).arg("--help"));
    assert_eq!(said.code, Some(0));
    assert!(
        said.out
            .contains("abu-admin reset-password amina@example.com")
    );
    assert!(said.out.contains("5  the database's migrations"));
    assert_eq!(say(&mut abu_admin(&folder)).code, Some(2));
}

#[test]
fn accounts_are_made_granted_suspended_activated_and_listed_in_the_operators_name() {
    let (folder, database) = (folder(), TestDatabase::new());
    let bootstrap = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", EMAIL)
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD));
    assert_eq!(bootstrap.code, Some(0), "{}", bootstrap.err);
    let user = |arguments: &[&str]| {
        let mut command = on(&database, &folder);
        command.arg("user").args(arguments);
        command
    };
    let amina = "amina@example.com";
    let names = ["--firstname", "Amina", "--lastname", "Bello"];
    let mut create = user(&["create", amina, "--password-stdin"]);
    let made = say_with_input(create.args(names), "harmattan over kongo hill");
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(password_is(&database, amina, "harmattan over kongo hill"));

    let term = ["--until", "2099-01-05T08:30:00Z"];
    let granted = say(user(&["grant", amina, "editor_group"]).args(term));
    assert_eq!(granted.code, Some(0), "{}", granted.err);
    let shown = say(&mut user(&["show", amina])).out;
    let groups = "groups        applicant_group, editor_group until 2099-01-05T08:30Z\n";
    assert!(shown.contains(groups), "{shown}");
    let suspended = say(&mut user(&["suspend", amina]));
    assert_eq!(suspended.code, Some(0), "{}", suspended.err);
    let listed = say(&mut user(&["list", "--suspended", "--json"]));
    let shown: serde_json::Value = serde_json::from_str(listed.out.trim()).unwrap();
    assert_eq!(shown["email"], amina);
    assert_eq!(
        shown["groups"],
        serde_json::json!(["applicant_group", "editor_group"])
    );
    let activated = say(&mut user(&["activate", shown["uuid"].as_str().unwrap()]));
    assert_eq!(activated.code, Some(0), "{}", activated.err);
    assert_eq!(say(&mut user(&["list", "--suspended"])).out, "");

    let actor = format!("os:{}", os_user());
    let done: Vec<String> = audited(&database)
        .into_iter()
        .filter(|(_, by, target, _)| *by == actor && target.is_some())
        .map(|(action, ..)| action)
        .collect();
    assert_eq!(
        done,
        [
            "user.create",
            "user.create",
            "user.add-to-group",
            "user.suspend",
            "user.activate",
        ]
    );
}

#[test]
fn a_refused_account_command_explains_itself_in_one_sentence() {
    let (folder, database) = (folder(), TestDatabase::new());
    let bootstrap = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", EMAIL)
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD));
    assert_eq!(bootstrap.code, Some(0), "{}", bootstrap.err);
    for (arguments, told) in [
        (["suspend", EMAIL].as_slice(), "the last active super admin"),
        (&["suspend", "unknown@example.com"], "there is no account"),
        (&["grant", EMAIL, "no_such_group"], "groups are not known"),
    ] {
        let said = say(on(&database, &folder).arg("user").args(arguments));
        assert_ne!(said.code, Some(0));
        assert!(said.err.contains(told), "{}", said.err);
    }
}

#[test]
fn accounts_that_lost_their_address_are_listed_with_its_holder() {
    let (folder, database) = (folder(), TestDatabase::new());
    let [loser, keeper] = ["a@example.com", "amina@xn--bcher-kva.example"]
        .map(|email| database.user().email(email).create().id);
    database.execute(&format!(
        "DELETE FROM backfills;
         UPDATE users SET email = 'amina@bücher.example' WHERE id = '{loser}';
         UPDATE user_emails SET email = 'amina@bücher.example', verified_at = now() + interval '1 day'
         WHERE user_id = '{loser}'"
    ));
    let unfinished = say(on(&database, &folder).args(["user", "conflicts"]));
    assert_eq!(unfinished.code, Some(5), "{}", unfinished.err);
    assert!(
        unfinished.err.contains("backfill of user_emails.email"),
        "{}",
        unfinished.err
    );
    assert_eq!(say(on(&database, &folder).arg("migrate")).code, Some(0));
    let listed = say(on(&database, &folder).args(["user", "conflicts"]));
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    let fields: Vec<_> = listed.out.split_whitespace().collect();
    let expected = [
        &*loser.to_string(),
        fields[1],
        "amina@bücher.example",
        "amina@xn--bcher-kva.example",
        "held",
        "by",
        &*keeper.to_string(),
    ];
    assert_eq!(fields, expected);
    let none = say(on(&TestDatabase::new(), &folder).args(["user", "conflicts"]));
    assert_eq!(
        (none.code, none.out.as_str()),
        (
            Some(0),
            "no conflicts: every account logs in by its own address\n"
        )
    );
}

#[test]
fn every_command_names_its_database_and_a_private_one_as_such() {
    let (folder, database) = (folder(), TestDatabase::empty());
    let schema = database.texts("SELECT current_schema()::text").remove(0);
    let place = format!("at the Unix socket of port 5432, schema {schema}\n");
    for command in [
        ["migrate"].as_slice(),
        &["user", "list"],
        &["verify-audit-log"],
        &["secrets", "re-encrypt"],
    ] {
        let said = say(on(&database, &folder).args(command));
        let line = said.err.lines().next().unwrap_or_default();
        assert!(line.starts_with("database: "), "{command:?} {}", said.err);
        assert!(said.err.contains(&place), "{command:?} {}", said.err);
    }
    let private = say(abu_admin(&folder).arg("migrate"));
    let expected = "; the private one in .data/postgres, because database.url is not set\n";
    assert!(private.err.contains(expected), "{}", private.err);
}

#[test]
fn an_operator_learns_that_the_clocks_differ() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute(
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz
         RETURN pg_catalog.clock_timestamp() + interval '90 seconds'",
    );
    let url = database.url();
    let url = url
        .expose_secret()
        .replacen("&application", ",pg_catalog&application", 1);
    let said = say(abu_admin(&folder)
        .arg("migrate")
        .env("ABU__DATABASE__URL", url));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (_, rest) = said.err.split_once("the database's clock is ").unwrap();
    let (seconds, rest) = rest.split_once(" s ").unwrap();
    assert!(
        (seconds.parse::<f64>().unwrap() - 90.0).abs() < 2.0,
        "{seconds}"
    );
    assert!(rest.starts_with("ahead of this machine's"), "{rest}");
}

#[test]
fn a_database_that_cannot_serve_is_a_mistake_of_configuration() {
    let (folder, database) = (folder(), TestDatabase::empty());
    let pooler = TransactionPooler::before(&database);
    let pooled = say(abu_admin(&folder)
        .arg("migrate")
        .env("ABU__DATABASE__URL", pooler.url().expose_secret()));
    assert_eq!(pooled.code, Some(3), "{}", pooled.err);
    assert!(
        pooled.err.contains("a transaction pooler"),
        "{}",
        pooled.err
    );
    database.execute(
        "CREATE DATABASE another_encoding
         TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let url = database.url();
    let (server, _) = url.expose_secret().rsplit_once('/').unwrap();
    let url = format!("{server}/another_encoding");
    let encoded = say(abu_admin(&folder)
        .arg("migrate")
        .env("ABU__DATABASE__URL", &url));
    assert_eq!(encoded.code, Some(3), "{}", encoded.err);
    assert!(
        encoded.err.contains("must be UTF8, but is LATIN1"),
        "{}",
        encoded.err
    );
    let server = Program::start(abu_server(&folder).env("ABU__DATABASE__URL", &url));
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(3), "{log}");
    assert!(log.contains("must be UTF8, but is LATIN1"), "{log}");
}

/// The versions of the last two migrations, the newest last.
fn last_versions(database: &TestDatabase) -> [String; 2] {
    let mut versions = database
        .texts("SELECT version FROM __diesel_schema_migrations ORDER BY version DESC LIMIT 2");
    versions.reverse();
    versions.try_into().unwrap()
}

#[test]
fn migrate_serves_a_newer_database_with_a_notice() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let said = say(on(&database, &folder).arg("migrate"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = "nothing to migrate\n\
                    a newer release migrated this database (99990101000000); it lacks nothing of this one\n";
    assert_eq!(said.out, expected);
    let [last, _newer] = last_versions(&database);
    database.execute(&format!(
        "DELETE FROM __diesel_schema_migrations WHERE version = '{last}'"
    ));
    let refused = say(on(&database, &folder).arg("migrate"));
    assert_eq!(refused.code, Some(5), "{}", refused.err);
}

#[test]
fn migrate_goes_down_to_a_version_once_it_is_confirmed() {
    let (folder, database) = (folder(), TestDatabase::new());
    let [kept, undone] = last_versions(&database);
    let mut down = on(&database, &folder);
    down.args(["migrate", "--down-to", &kept]);
    let unasked = say(&mut down);
    assert_eq!(unasked.code, Some(2), "{}", unasked.err);
    let declined = say_on_terminal(&down, &folder, "no\n");
    assert_eq!(declined.code, Some(1), "{}", declined.out);
    assert!(
        declined.out.contains("nothing was changed"),
        "{}",
        declined.out
    );
    assert_eq!(last_versions(&database), [kept.clone(), undone.clone()]);

    let confirmed = say_on_terminal(&down, &folder, "yes\n");
    assert_eq!(confirmed.code, Some(0), "{}", confirmed.out);
    assert!(confirmed.out.contains("undid "), "{}", confirmed.out);
    assert_eq!(last_versions(&database)[1], kept);
    let again = say(down.arg("--yes"));
    assert_eq!(
        (again.code, again.out.as_str()),
        (Some(0), "nothing to undo\n")
    );
    let unknown = say(on(&database, &folder).args(["migrate", "--down-to", "1", "--yes"]));
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    let up = say(on(&database, &folder).arg("migrate"));
    assert_eq!(up.code, Some(0), "{}", up.err);
    assert_eq!(last_versions(&database)[1], undone);
}

fn mail_test(folder: &TempDir, smtp: &SmtpServer) -> Command {
    let mut command = abu_admin(folder);
    command
        .args(["mail", "test", "--to", "amina@bücher.example"])
        .env("ABU__MAIL__SMTP_HOST", "localhost")
        .env("ABU__MAIL__SMTP_PORT", smtp.port().to_string())
        .env("ABU__MAIL__SMTP_SECURITY", "none");
    command
}

#[test]
fn a_test_mail_shows_the_answer_of_the_mail_server() {
    let (folder, smtp) = (folder(), SmtpServer::start());
    let sent = say(&mut mail_test(&folder, &smtp));
    assert_eq!(
        (sent.code, sent.out.as_str()),
        (Some(0), "the mail server took the mail: 250 2.0.0 Taken\n"),
        "{}",
        sent.err
    );
    let received = smtp.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, "amina@xn--bcher-kva.example");
    assert!(received[0].message.contains("Subject: Test mail"));

    smtp.script([SmtpBehavior::Refuse("550 5.7.1 SPF fails\u{7} for you")]);
    let refused = say(&mut mail_test(&folder, &smtp));
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    let expected = "abu-admin: the mail could not be sent: the mail server answered 550 5.7.1: \
                    5.7.1 SPF fails  for you\n";
    assert_eq!(refused.err, expected);
    let nowhere = say(abu_admin(&folder).args(["mail", "test", "--to", "amina@example.com"]));
    assert_eq!(nowhere.code, Some(3), "{}", nowhere.err);
    assert!(
        nowhere.err.contains("mail.smtp_host is not set"),
        "{}",
        nowhere.err
    );
}

#[test]
fn re_encryption_leaves_nothing_that_needs_the_previous_key() {
    const OLD: &str = "the key before the rotation, 32 bytes long";
    const NEXT: &str = "the key after the rotation, 32 bytes long too";
    let (folder, database) = (folder(), TestDatabase::new());
    let user = database.user().email(EMAIL).create().id;
    let (old, address) = (SecretString::from(OLD), EmailAddress::parse(EMAIL).unwrap());
    let made = SealedTotp::new(&old)
        .make(user, &address, &SystemIds)
        .unwrap();
    database
        .transaction(|tx| tx.insert_totp(user, &made.sealed, SystemClock.now()))
        .unwrap();
    // Its entries are the log whose head is noted.
    let bootstrap = say(on(&database, &folder)
        .arg("bootstrap")
        .env("ABU__SUPERUSER__EMAIL", "admin@example.com")
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD));
    assert_eq!(bootstrap.code, Some(0), "{}", bootstrap.err);
    let sealer = HmacHeadSealer::new(&old);
    note_head(&*database.store(), &sealer, SystemClock.now()).unwrap();

    let with_keys = |keys: &[(&str, &str)], command: &[&str]| {
        let mut program = on(&database, &folder);
        program.args(command).envs(keys.iter().copied());
        say(&mut program)
    };
    let (current, previous) = (
        "ABU__AUTH__ENCRYPTION_KEY",
        "ABU__AUTH__PREVIOUS_ENCRYPTION_KEY",
    );
    let both = [(current, NEXT), (previous, OLD)];
    let verify = ["verify-audit-log"];
    assert_eq!(with_keys(&both, &verify).code, Some(0));
    assert_eq!(with_keys(&[(current, NEXT)], &verify).code, Some(7));
    let lost = with_keys(&[(current, NEXT)], &["secrets", "re-encrypt"]);
    assert_eq!(lost.code, Some(1), "{}", lost.out);
    assert!(
        lost.err.contains("2 values open with neither key"),
        "{}",
        lost.err
    );

    let done = with_keys(&both, &["secrets", "re-encrypt"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let expected = "one-time passwords: 1 encrypted anew; 1 have the current key, 0 the previous one, 0 neither\n\
                    heads of the audit log: 1 encrypted anew; 1 have the current key, 0 the previous one, 0 neither\n\
                    nothing needs auth.previous_encryption_key any more\n";
    assert_eq!(done.out, expected);
    let again = with_keys(&[(current, NEXT)], &["secrets", "re-encrypt"]);
    assert!(
        again
            .out
            .starts_with("one-time passwords: 0 encrypted anew; 1 have"),
        "{}",
        again.out
    );
    assert_eq!(with_keys(&[(current, NEXT)], &verify).code, Some(0));
}

/// A migrated and seeded database with an enrolled user who has one session.
fn with_an_enrolled_user() -> (TempDir, TestDatabase, UserId) {
    let (folder, database) = (folder(), TestDatabase::new());
    let seeded = database.transaction(|tx| tx.seed_access(chrono::Utc::now()));
    seeded.unwrap();
    let user = database.user().email(EMAIL).in_group("editor_group");
    let user = user.create().id;
    database.execute(&format!(
        "INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
         VALUES ('{user}', '\\x00', now(), '2026-01-05T08:30:00Z');
         UPDATE sessions SET device_name = 'A phone', address = '102.89.23.0/24'"
    ));
    (folder, database, user)
}

fn user_command(database: &TestDatabase, folder: &TempDir, arguments: &[&str]) -> Said {
    say(on(database, folder).arg("user").args(arguments))
}

#[test]
fn reset_totp_removes_the_second_factor_and_notifies_the_owner() {
    let (folder, database, user) = with_an_enrolled_user();
    let said = user_command(&database, &folder, &["reset-totp", EMAIL]);
    let expected =
        format!("{EMAIL} ({user}) logs in without one-time passwords; a mail notifies the owner\n");
    assert_eq!((said.code, said.out), (Some(0), expected));
    assert!(!database.read(|tx| tx.has_totp(user)).unwrap());
    assert_eq!(
        database.texts("SELECT kind FROM email_outbox"),
        ["totp_reset"]
    );
    let (action, by, target, _) = audited(&database).pop().unwrap();
    assert_eq!(
        (action.as_str(), target.as_deref()),
        ("user.reset-totp", Some("user"))
    );
    assert_eq!(by, format!("os:{}", os_user()));
    let again = user_command(&database, &folder, &["reset-totp", &user.to_string()]);
    assert_eq!(
        (again.code, again.complaint().as_str()),
        (
            Some(1),
            "abu-admin: the account has no one-time passwords\n"
        )
    );
}

#[test]
fn show_prints_the_rights_second_factor_and_sessions_of_an_account() {
    let (folder, database, user) = with_an_enrolled_user();
    database.execute(&format!(
        "INSERT INTO role_assignments (id, user_id, role_id, scope_type, valid_from, valid_until,
                                       created_at, last_modified)
         SELECT gen_random_uuid(), '{user}', id, 'global', now(), '2099-01-05T08:30:00Z', now(), now()
         FROM roles WHERE name = 'job_admin'"
    ));
    let said = user_command(&database, &folder, &["show", EMAIL]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for line in [
        &format!("account       {user}"),
        "state         active",
        "verification  unverified",
        &format!("address       {EMAIL} (primary, verified)"),
        "groups        editor_group",
        "role          job_admin until 2099-01-05T08:30Z",
        "second factor since 2026-01-05T08:30Z, 0 recovery codes left",
        "log-ins       1",
    ] {
        assert!(
            said.out.lines().any(|said| said == line),
            "{line} in {}",
            said.out
        );
    }
    let suspended = user_command(&database, &folder, &["suspend", EMAIL]);
    assert_eq!(suspended.code, Some(0), "{}", suspended.err);
    let said = user_command(&database, &folder, &["show", &user.to_string()]);
    for line in ["state         suspended", "log-ins       0"] {
        assert!(
            said.out.lines().any(|said| said == line),
            "{line} in {}",
            said.out
        );
    }
    let unknown = user_command(&database, &folder, &["show", "unknown@example.com"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.err.contains("there is no account"),
        "{}",
        unknown.err
    );
}

#[test]
fn sessions_lists_the_log_ins_of_an_account_and_ends_one_or_all() {
    let (folder, database, user) = with_an_enrolled_user();
    let session = session_of(user).to_string();
    let listed = || user_command(&database, &folder, &["sessions", EMAIL]).out;
    let before = listed();
    assert_eq!(before.lines().count(), 1);
    assert!(before.starts_with(&session), "{before}");
    assert!(before.ends_with("  102.89.23.0/24  A phone\n"), "{before}");

    let stranger = uuid::Uuid::new_v4().to_string();
    let none = user_command(&database, &folder, &["sessions", EMAIL, "--end", &stranger]);
    assert_eq!(
        (none.code, none.complaint().as_str()),
        (Some(1), "abu-admin: the account has no such log-in\n")
    );
    let ended = user_command(&database, &folder, &["sessions", EMAIL, "--end", &session]);
    let expected = format!("ended 1 log-ins of {EMAIL} ({user})\n");
    assert_eq!((ended.code, ended.out), (Some(0), expected));
    assert_eq!(listed(), "");
    let none_left = user_command(&database, &folder, &["sessions", EMAIL, "--end"]);
    let expected = format!("ended 0 log-ins of {EMAIL} ({user})\n");
    assert_eq!((none_left.code, none_left.out), (Some(0), expected));
}

#[tokio::test]
async fn a_running_server_closes_the_chat_of_an_account_that_was_revoked() {
    let server = TestServer::start().await;
    let [user, other] =
        [EMAIL, "other@example.com"].map(|email| server.database().user().email(email).create().id);
    let room = server.database().group(other).create().id;
    let mut ended = ChatClient::connect(&server.chat_url(user)).await.unwrap();
    let mut untouched = ChatClient::connect(&server.chat_url(other)).await.unwrap();
    let (folder, database) = (folder(), server.database().clone());
    let revoke = move || user_command(&database, &folder, &["revoke", EMAIL]);
    let said = tokio::task::spawn_blocking(revoke).await.unwrap();
    let expected = format!("ended 1 log-ins of {EMAIL} ({user})\n");
    assert_eq!((said.code, said.out), (Some(0), expected));
    assert_eq!(ended.closed().await, CloseCode::TokenExpired);
    untouched.hears_nothing_else(room).await;
    let user = server.database().read(|tx| tx.user(user)).unwrap().unwrap();
    assert!(user.is_active);
}

#[test]
fn verify_audit_log_compares_with_the_heads_that_the_server_noted() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut command = abu_server(&folder);
    command.env("ABU__DATABASE__URL", database.url().expose_secret());
    let server = Program::start(&mut command);
    server.address();
    let line = server.logs(&format!("audit log head {SET_UP_ENTRIES}:"));
    drop(server);
    let log = folder.path().join("server.log");
    fs::write(&log, format!("{line}\n")).unwrap();
    let log = log.to_str().unwrap();
    let verify = |arguments: &[&str]| {
        let mut command = on(&database, &folder);
        say(command.arg("verify-audit-log").args(arguments))
    };
    let whole = verify(&[]);
    assert_eq!(whole.code, Some(0), "{}", whole.err);
    assert!(
        whole.out.starts_with(&format!(
            "{SET_UP_ENTRIES} entries, whole; 1 noted heads agree\nhead {SET_UP_ENTRIES}:"
        )),
        "{}",
        whole.out
    );
    let with_log = verify(&["--log", log]);
    assert!(
        with_log.out.starts_with(&format!(
            "{SET_UP_ENTRIES} entries, whole; 2 noted heads agree\n"
        )),
        "{}",
        with_log.out
    );
    let piped = say_with_input(
        on(&database, &folder).args(["verify-audit-log", "--log", "-"]),
        &line,
    );
    assert_eq!((piped.code, piped.out), (Some(0), with_log.out));
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let none = verify(&["--log", config]);
    assert_eq!(none.code, Some(1), "{}", none.err);
    assert!(
        none.err.contains("holds no head of the audit log"),
        "{}",
        none.err
    );

    // The newest entries are cut off, together with the noted head.
    database.execute(
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;
         ALTER TABLE audit_witnesses DISABLE TRIGGER audit_witnesses_append_only;
         DELETE FROM audit_log WHERE seq = 3;
         UPDATE audit_log_head SET seq = 2, hash = (SELECT hash FROM audit_log WHERE seq = 2);
         CREATE TABLE kept AS TABLE audit_witnesses; DELETE FROM audit_witnesses",
    );
    assert_eq!(verify(&[]).code, Some(0));
    let cut = verify(&["--log", log]);
    assert_eq!(cut.code, Some(7), "{}", cut.err);
    assert!(
        cut.err.contains("entry 3 of the audit log is missing"),
        "{}",
        cut.err
    );
    database.execute("INSERT INTO audit_witnesses TABLE kept; DROP TABLE kept");
    assert_eq!(verify(&[]).code, Some(7));
    let other_key = say(on(&database, &folder).arg("verify-audit-log").env(
        "ABU__AUTH__ENCRYPTION_KEY",
        "hT5kW9dX2zR7vB4nM1cQ8fL3sJ6gP0yE",
    ));
    assert_eq!(other_key.code, Some(7), "{}", other_key.err);
    assert!(
        other_key.err.contains("under another seal"),
        "{}",
        other_key.err
    );
}

#[test]
fn generated_graduates_depend_on_the_seed_alone() {
    let folder = folder();
    let generate =
        |arguments: &[&str]| say(abu_admin(&folder).arg("generate-alumni").args(arguments));
    let all = generate(&["--count", "30", "--seed", "7"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    assert_eq!(all.out.lines().count(), 31);

    let file = folder.path().join("graduates.csv");
    let path = file.to_str().unwrap();
    let fewer = generate(&["--count", "10", "--seed", "7", "--out", path]);
    assert_eq!((fewer.code, fewer.out.as_str()), (Some(0), ""));
    let fewer = fs::read_to_string(file).unwrap();
    assert_eq!(fewer.lines().count(), 11);
    assert!(all.out.starts_with(&fewer));

    let others = generate(&["--count", "30", "--seed", "8"]);
    assert_ne!(others.out, all.out);
}

/// All that a generated database holds but for ids and times.
const SYNTHETIC: &str = "SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
    SELECT concat_ws('|', r.surname, r.given_names, r.name_tokens, r.email, r.phone, r.date_of_birth,
        a.matric_raw, a.year, a.class_of_degree, d.code, g.code, u.email, u.firstname, u.middlename, u.lastname,
        u.verification, e.email, m.name, c.state, c.awards, c.names, c.list_me) AS line
    FROM alumni_records r JOIN awards a ON a.record_id = r.id
    JOIN degrees g ON g.id = a.degree_id LEFT JOIN departments d ON d.id = a.department_id
    LEFT JOIN claims c ON c.record_id = r.id LEFT JOIN users u ON u.id = c.user_id
    LEFT JOIN user_emails e ON e.user_id = u.id LEFT JOIN user_group ug ON ug.user_id = u.id
    LEFT JOIN groups m ON m.id = ug.group_id
    UNION ALL SELECT concat_ws('|', 'account', email, verification) FROM users
    UNION ALL SELECT concat_ws('|', 'profile', u.email, p.is_listed, p.headline, p.city, s.code, i.code, o.name, x.started)
    FROM profiles p JOIN users u ON u.id = p.user_id LEFT JOIN states s ON s.id = p.state_id
    LEFT JOIN industries i ON i.id = p.industry_id LEFT JOIN experiences x ON x.user_id = p.user_id
    LEFT JOIN employers o ON o.id = x.employer_id
    UNION ALL SELECT concat_ws('|', 'skill', u.email, k.name, l.position)
    FROM profile_skills l JOIN users u ON u.id = l.user_id JOIN skills k ON k.id = l.skill_id
    UNION ALL SELECT concat_ws('|', 'card', display_name, terms) FROM directory_entries) AS lines";

#[test]
fn a_seed_fills_every_database_alike_with_graduates_and_members() {
    let fill = |arguments: &[&str]| {
        let (folder, database) = (folder(), TestDatabase::new());
        let admin = |arguments: &[&str]| {
            let said = say(on(&database, &folder).args(arguments));
            assert_eq!(said.code, Some(0), "{}", said.err);
            said.out
        };
        admin(&["bootstrap", "--access-only"]);
        let fixed = ["generate-alumni", "--count", "400", "--load", "--members"];
        let said = admin(&[&fixed, arguments].concat());
        assert!(said.contains("400 ready"), "{said}");
        // Repeated, it goes on where it was: nothing is left to do.
        let again = admin(&[&fixed, arguments].concat());
        let nothing = again.starts_with("made 0 accounts, 0 of them verified\nmade 0 profiles; ");
        assert!(nothing, "{again}");
        (
            said.lines().rev().take(2).collect::<Vec<_>>().join("; "),
            database.texts(SYNTHETIC),
        )
    };
    let first = fill(&["--seed", "7"]);
    assert_eq!(
        first.0,
        "made 400 profiles; the directory was made of 400 members; made 400 accounts, 400 of them verified"
    );
    assert_eq!(fill(&["--seed", "7"]), first);
    assert_ne!(fill(&["--seed", "8"]), first);
    let half = fill(&["--seed", "7", "--verified", "50", "--listed", "50"]);
    assert_eq!(
        fill(&["--seed", "7", "--verified", "50", "--listed", "50"]),
        half
    );
    assert_ne!(half, first);
}

#[test]
fn files_without_a_row_are_shown_and_none_is_deleted() {
    let (folder, database) = (folder(), TestDatabase::new());
    let files = folder.path().join("files");
    let orphans = || {
        let said = say(on(&database, &folder)
            .env("ABU__STORAGE__PATH", &files)
            .args(["files", "orphans"]));
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out
    };
    assert_eq!(
        orphans(),
        "0 files of 0 bytes would be deleted; 0 are younger than 7 days\n"
    );
    fs::create_dir_all(files.join("exports")).unwrap();
    for name in ["old", "young"] {
        fs::write(files.join(format!("exports/{name}.json")), "abc").unwrap();
    }
    let old = fs::File::options()
        .append(true)
        .open(files.join("exports/old.json"));
    let then = SystemTime::now() - Duration::from_secs(8 * 86_400);
    old.unwrap().set_modified(then).unwrap();
    let said = orphans();
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "1 files of 3 bytes would be deleted; 1 are younger than 7 days",
            "exports/old.json  3 bytes  8 days  would be deleted",
            "exports/young.json  3 bytes  0 days  is spared",
        ]
    );
    assert!(files.join("exports/old.json").exists());
}

#[test]
fn production_takes_no_synthetic_graduates() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut command = on(&database, &folder);
    command
        .env("ABU_ENV", "production")
        .env("ABU__AUTH__JWT_SECRET", "Zq8rT1vX4mN7bK2wL5pD9sG3hJ6fC0yA")
        .env(
            "ABU__AUTH__ENCRYPTION_KEY",
            "hT5kW9dX2zR7vB4nM1cQ8fL3sJ6gP0yE",
        )
        .env("ABU__MAIL__FROM", "no-reply@example.com")
        .env("ABU__MAIL__SITE_URL", "https://alumni.example.com")
        .env("ABU__MAIL__SMTP_HOST", "smtp.example.com")
        .env("ABU__SERVER__TRUSTED_PROXIES", "none");
    let said = say(command.args(["generate-alumni", "--count", "1"]));
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), ""),
        "{}",
        said.err
    );
    assert!(said.err.contains("no synthetic people"), "{}", said.err);
}

#[test]
fn an_erasure_runs_without_a_server_and_again_after_a_restored_backup() {
    let (folder, database, user) = with_an_enrolled_user();
    let room = database.group(user).create().id;
    database.message(room, user, "to be removed");
    let erasures = |arguments: &[&str]| {
        let said = say(on(&database, &folder).arg("erasures").args(arguments));
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.complaint());
        said.out
    };
    let id = user.to_string();
    assert_eq!(erasures(&["list"]), "no erasure is scheduled\n");
    let said = erasures(&["run", &id]);
    assert!(said.contains("all but the address is erased"), "{said}");
    assert_eq!(database.texts("SELECT body FROM messages"), [""]);
    assert!(erasures(&["list"]).contains("under way"));
    database.execute("UPDATE email_outbox SET state = 'sent', sent_at = now()");
    assert_eq!(erasures(&["run", &id]), format!("{user}  erased\n"));
    let names = || database.texts("SELECT firstname || ' ' || lastname FROM users");
    assert_eq!(names(), ["Former member"]);
    let again = say(on(&database, &folder).args(["erasures", "run", &id]));
    assert_eq!(
        (again.code, again.complaint().as_str()),
        (
            Some(1),
            "abu-admin: there is no account with that UUID, or it is erased\n"
        )
    );

    let ledger = folder.path().join("ledger");
    fs::write(&ledger, erasures(&["export"])).unwrap();
    database.execute("UPDATE users SET erased_at = NULL, firstname = 'Amina'");
    let said = erasures(&["replay", ledger.to_str().unwrap()]);
    assert!(
        said.ends_with("1 of 1 accounts were there again, and are erased\n"),
        "{said}"
    );
    assert_eq!(names(), ["Former member"]);
}
