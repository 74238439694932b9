//! The server. See `abu-server --help`.

use std::{
    io::{self, Write},
    process::exit,
    time::Duration,
};

use abu_app::server::{self, Ending};
use abu_application::platform::error_chain::error_chain;
use abu_connections::fd_limit;
use abu_programs::exit_code;
use abu_settings::{Environment, Settings, Sources};
use actix_web::rt::System;
use clap::Parser;

const ABOUT: &str = "\
The server of ABU Alumni Connect.

Settings come from config/ and .env in this folder and from variables such as ABU__SERVER__PORT;
`abu-admin check-config` shows them. Without database.url it runs a PostgreSQL of its own in data.dir.
SIGTERM, SIGQUIT or Ctrl-C stops it in order, a second one at once. SIGHUP reads log.filter again.";

/// How long a log that is not read may delay the end.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Parser)]
#[command(name = "abu-server", version, about = ABOUT, after_help = exit_code::HELP)]
struct Arguments {
    /// Fill the database with sixty people and a week of conversations, to look around. Not in production.
    #[arg(long)]
    demo: bool,
}

fn main() -> ! {
    let arguments = Arguments::parse();
    let settings = match Settings::load(&Sources::of_process()) {
        Ok(settings) => settings,
        Err(mistakes) => {
            complain(&mistakes);
            exit(exit_code::CONFIGURATION.into())
        }
    };
    if arguments.demo && settings.environment == Environment::Production {
        let _ = writeln!(
            io::stderr(),
            "abu-server: --demo makes accounts with a known password, so production refuses it"
        );
        exit(exit_code::CONFIGURATION.into())
    }
    let log = match abu_logging::install(settings.log.format, &settings.log.filter) {
        Ok(log) => log,
        Err(error) => {
            complain(&error);
            exit(exit_code::FAILED.into())
        }
    };
    fd_limit::allow_as_many_as_possible();
    let system = System::new();
    let code = match system.block_on(server::run(settings, arguments.demo, log.clone())) {
        Ok(Ending::Stopped) => exit_code::OK,
        Ok(Ending::WorkLeft) => exit_code::WORK_LEFT,
        Ok(Ending::Interrupted(signal)) => signal.exit_code(),
        Err(error) => {
            log.report_failure("abu_server", &error_chain(&error));
            error.exit_code()
        }
    };
    log.flush(LOG_PATIENCE);
    // Exits instead of dropping the system, which would wait for remaining tasks. A graceful stop
    // has already waited for those that matter.
    exit(code.into())
}

fn complain(error: &dyn std::error::Error) {
    // Standard error may be closed.
    let _ = writeln!(io::stderr(), "abu-server: {}", error_chain(error));
}
