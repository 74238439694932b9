#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bootstrap;
mod check_config;
mod check_health;
mod database;
mod directory;
mod erasures;
mod error;
mod files;
mod generate_alumni;
mod imports;
mod jobs;
mod mail;
mod migrate;
mod operator;
mod password;
mod reset_password;
mod secrets;
mod terminal;
mod user;
mod verify_audit_log;

use std::path::PathBuf;

use abu_application::platform::audit::{Mark, NoMark};
use abu_domain::platform::text::EmailAddress;
use abu_settings::{Settings, Sources};
use actix_web::http::Uri;
use clap::{Parser, Subcommand};

use abu_programs::exit_code;

pub use error::AdminError;

const ABOUT: &str = "\
Looks after the server of ABU Alumni Connect.

It reads the settings that the server reads, in the same places: config/ and .env in this folder, and
variables such as ABU__DATABASE__URL. Where database.url is not set, it uses the PostgreSQL that the server
runs in data.dir, and starts that for the while if the server is not running.";

const EXAMPLES: &str = "\
Examples:
  abu-admin migrate
  abu-admin migrate --down-to 2026-12-01-090000
  ABU__SUPERUSER__EMAIL=office@abu.edu.ng abu-admin bootstrap
  abu-admin reset-password amina@example.com
  pass show abu/amina | abu-admin reset-password amina@example.com --password-stdin
  abu-admin user create amina@example.com --firstname Amina --lastname Bello
  abu-admin user grant amina@example.com alumni_office_group
  abu-admin user reset-totp amina@example.com
  abu-admin user revoke amina@example.com
  abu-admin jobs list --dead
  abu-admin import-alumni graduates.csv --mapping mapping.toml --commit
  abu-admin imports show 3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41 --errors errors.csv
  abu-admin directory check --repair
  abu-admin erasures export > /mnt/safe/erasures
  abu-admin files orphans
  abu-admin mail test --to amina@example.com
  abu-admin secrets re-encrypt
  abu-admin verify-audit-log --known \"$(cat /mnt/safe/audit-head)\"
  journalctl -u abu-server | abu-admin verify-audit-log --log -
  abu-admin generate-alumni --count 10000 --seed 7 --out graduates.csv
  abu-admin check-config && abu-server";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "abu-admin", version, about = ABOUT, after_help = format!("{EXAMPLES}\n\n{}", exit_code::HELP))]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database's tables to this release, or back to an earlier one. Several at once wait for each
    /// other.
    Migrate(migrate::MigrateArguments),
    /// Make permissions, roles, groups, reference data and the first administrator, as far as they are missing.
    ///
    /// Takes superuser.* from the settings, and asks on a terminal for what is missing. An
    /// administrator who is there keeps their password.
    Bootstrap {
        /// No administrator, as after an upgrade.
        #[arg(long)]
        access_only: bool,
    },
    /// Give an account another password.
    ///
    /// Asks for the password on the terminal, so that no list of processes and no shell history
    /// shows it.
    ResetPassword {
        /// What the account logs in with.
        #[arg(value_parser = parse_email)]
        email: EmailAddress,
        /// Read the password from standard input: its first line.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Look after accounts: make, list, show, suspend and activate them, put them in groups, end
    /// their log-ins, remove lost second factors.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Look after background jobs: list and show them, revive those that were given up, cancel them.
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Judge a file of graduates against the register, and with --commit import it.
    ///
    /// Prints the number of lines by verdict. Without --mapping it proposes one and stores nothing.
    ImportAlumni(imports::ImportArguments),
    /// Look after imports of the register: list and show them, commit them, roll them back.
    #[command(subcommand)]
    Imports(imports::ImportsCommand),
    /// Compare the search rows of the directory with the profiles, and make them anew.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    /// See and carry out erasures of accounts, and repeat them after a backup was restored.
    #[command(subcommand)]
    Erasures(erasures::ErasuresCommand),
    /// Look into the store of files.
    #[command(subcommand)]
    Files(files::FilesCommand),
    /// Try the mail server.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Finish the rotation of the encryption key.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Prove that the audit log is whole: nothing in it changed, missing, or in another place.
    ///
    /// Compares the log with the heads that the server noted each hour, under a seal that no database writer
    /// can make. Prints the number of entries, and the place and hash of the last one. Keep that line, or the
    /// server's log, out of reach of database writers: only --known and --log detect that the newest entries
    /// were cut off together with their noted heads.
    VerifyAuditLog {
        /// Begin at this entry, which was verified before, rather than at the first one.
        #[arg(long, value_name = "SEQ:HASH", value_parser = parse_mark)]
        from: Option<Mark>,
        /// Prove that the log holds this entry still. May be given several times.
        #[arg(long, value_name = "SEQ:HASH", value_parser = parse_mark)]
        known: Vec<Mark>,
        /// Prove that the log holds every head in this log of the server; - reads standard input. May be given
        /// several times.
        #[arg(long, value_name = "FILE")]
        log: Vec<PathBuf>,
    },
    /// Make synthetic graduates for tests and measurements: a register as CSV. Production refuses it.
    ///
    /// A seed stands for the same people on every machine, and a larger count adds to them.
    GenerateAlumni(generate_alumni::GenerateArguments),
    /// Show the settings in force and where they come from, secrets hidden, and every mistake in them.
    CheckConfig,
    /// Ask a running server whether it serves requests.
    CheckHealth {
        /// What to ask, by http:// [default: /health/ready of server.host and server.port]
        #[arg(long)]
        url: Option<Uri>,
    },
}

impl Arguments {
    pub fn run(self, sources: &Sources) -> Result<(), AdminError> {
        match self.command {
            Command::CheckConfig => check_config::run(sources),
            Command::CheckHealth { url: Some(url) } => check_health::run(&url),
            Command::CheckHealth { url: None } => {
                check_health::run(&check_health::usual_url(&Settings::load(sources)?)?)
            }
            Command::Migrate(arguments) => migrate::run(&Settings::load(sources)?, &arguments),
            Command::Bootstrap { access_only: true } => {
                bootstrap::seed_access(&Settings::load(sources)?)
            }
            Command::Bootstrap { access_only: false } => bootstrap::run(&Settings::load(sources)?),
            Command::ResetPassword {
                email,
                password_stdin,
            } => reset_password::run(&Settings::load(sources)?, &email, password_stdin),
            Command::User(command) => user::run(&Settings::load(sources)?, command),
            Command::Jobs(command) => jobs::run(&Settings::load(sources)?, command),
            Command::ImportAlumni(arguments) => {
                imports::import(&Settings::load(sources)?, &arguments)
            }
            Command::Imports(command) => imports::run(&Settings::load(sources)?, &command),
            Command::Directory(command) => directory::run(&Settings::load(sources)?, &command),
            Command::Erasures(command) => erasures::run(&Settings::load(sources)?, command),
            Command::Files(command) => files::run(&Settings::load(sources)?, &command),
            Command::Mail(command) => mail::run(&Settings::load(sources)?, &command),
            Command::GenerateAlumni(arguments) => {
                generate_alumni::run(&Settings::load(sources)?, &arguments)
            }
            Command::Secrets(command) => secrets::run(&Settings::load(sources)?, &command),
            Command::VerifyAuditLog { from, known, log } => {
                verify_audit_log::run(&Settings::load(sources)?, from, known, &log)
            }
        }
    }
}

fn parse_email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|rule| rule.to_string())
}

fn parse_mark(text: &str) -> Result<Mark, NoMark> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
