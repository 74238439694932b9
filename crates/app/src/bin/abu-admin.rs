//! Operator commands: migrate, bootstrap, reset passwords, administer accounts, verify. See `abu-admin --help`.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use abu_app::{admin::Arguments, exit_code, logging};
use abu_application::platform::error_chain::error_chain;
use abu_settings::Sources;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Results go to standard output. The log holds warnings only, unless `RUST_LOG` says otherwise.
    logging::init(&env::var("RUST_LOG").unwrap_or_else(|_not_set| "warn".to_owned()));
    match arguments.run(&Sources::of_process()) {
        Ok(()) => exit_code::OK.into(),
        Err(error) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "abu-admin: {}", error_chain(&error));
            error.exit_code().into()
        }
    }
}
