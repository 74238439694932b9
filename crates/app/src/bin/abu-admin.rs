//! Looks after the server: migrates, bootstraps, resets passwords, checks. See `abu-admin --help`.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use abu_app::{admin::Arguments, error_chain::error_chain, exit_code, logging, settings::Sources};
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The results go to standard output; the log tells of trouble only, unless more is asked for.
    logging::init(&env::var("RUST_LOG").unwrap_or_else(|_not_set| "warn".to_owned()));
    match arguments.run(&Sources::of_process()) {
        Ok(()) => exit_code::OK.into(),
        Err(error) => {
            // Without a standard error there is nobody to tell.
            let _ = writeln!(io::stderr(), "abu-admin: {}", error_chain(&error));
            error.exit_code().into()
        }
    }
}
