//! Runs a private PostgreSQL until its standard input ends: `abu-postgres [FOLDER]`.
//!
//! For scripts that need a database: it prints the URL once the server takes connections. Without a folder
//! it deletes the data at the end.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use abu_embedded_postgres::{Postgres, PostgresOptions};

/// Long enough for the shutdown checkpoint on a slow disk.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves no place to report a failure.
            let _ = writeln!(io::stderr(), "abu-postgres: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let options = env::args_os()
        .nth(1)
        .map_or_else(PostgresOptions::throwaway, PostgresOptions::durable);
    let postgres = Postgres::start(options)?;
    writeln!(io::stdout(), "{}", postgres.url())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    postgres.stop(STOP_TIMEOUT)?;
    Ok(())
}
