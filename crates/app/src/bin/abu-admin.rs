//! Operator commands: migrate, bootstrap, reset passwords, administer accounts, verify. See `abu-admin --help`.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use abu_application::platform::error_chain::error_chain;
use abu_logging::Filter;
use abu_operator::Arguments;
use abu_programs::exit_code;
use abu_settings::Sources;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Results go to standard output. The log holds warnings only, unless `RUST_LOG` says otherwise.
    let filter = env::var("RUST_LOG").ok();
    let filter = filter.and_then(|filter| Filter::parse(&filter).ok());
    abu_logging::install_unbuffered(&filter.unwrap_or_default());
    match arguments.run(&Sources::of_process()) {
        Ok(()) => exit_code::OK.into(),
        Err(error) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "abu-admin: {}", error_chain(&error));
            error.exit_code().into()
        }
    }
}
