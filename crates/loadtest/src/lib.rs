#![doc = include_str!("../README.md")]

mod codec;
mod community;
mod connection;
mod database;
pub mod faults;
mod floor;
mod goals;
mod histogram;
mod ledger;
mod packets;
mod people;
mod report;
mod scenario;
mod schedule;
mod stage;
mod stamp;
mod suite;
mod swarm;
mod target;
mod tokens;
mod usage;
mod verifier;

use std::{
    env,
    error::Error,
    io::{self, Write},
    path::{self, PathBuf},
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};

use faults::Faults;
use scenario::Scenario;
use stage::Host;
use suite::Suite;
use target::Kind;

/// Measures the chat server, and verifies every delivery meanwhile.
#[derive(Parser)]
#[command(name = "abu-loadtest", version)]
struct Arguments {
    /// The server's binary; the one beside this program if left out.
    #[arg(long, global = true, visible_alias = "server")]
    server_binary: Option<PathBuf>,
    /// Where servers put their data; on a disk that does what fsync asks of it.
    #[arg(long, global = true)]
    scratch: Option<PathBuf>,
    /// What to measure.
    #[arg(long, global = true, value_enum, default_value_t = Kind::Server)]
    target: Kind,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Scenario(Scenario),
    /// Everything, several times, the floors beside it.
    All(Suite),
    /// Outages of server, database and clients, one after the other: what is lost, and what an operator sees.
    Faults(Faults),
    /// Searches of the directory, beside naive ones.
    Directory(people::Latency),
    /// Misspelt names in the directory: who is found.
    Recall(people::Recall),
    /// Serve as the first floor, on a free port of this machine alone.
    FloorA,
    /// Serve as the second floor, on a free port of this machine alone.
    FloorB,
}

/// Runs the program, and returns its exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed standard error leaves no place to report a failure.
            let _ = writeln!(io::stderr(), "abu-loadtest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every measurement is clean.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    raise_limit_of_open_files()?;
    match &arguments.command {
        Command::FloorA => floor::actix::serve()?,
        Command::FloorB => floor::sockets::serve()?,
        Command::All(suite) => return suite.run(&host(arguments)?),
        Command::Directory(latency) => return Ok(latency.run(&host(arguments)?)?),
        Command::Recall(recall) => return Ok(recall.run(&host(arguments)?)?),
        Command::Faults(faults) => return Ok(faults.run(&host(arguments)?, arguments.json)?),
        Command::Scenario(scenario) => {
            let measurement = scenario.run(&host(arguments)?, arguments.target)?;
            let text = match arguments.json {
                true => serde_json::to_string_pretty(&measurement)? + "\n",
                false => measurement.table(),
            };
            io::stdout().write_all(text.as_bytes())?;
            return Ok(measurement.is_clean());
        }
    }
    Ok(true)
}

fn host(arguments: &Arguments) -> Result<Host, Box<dyn Error>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    let beside = || env::current_exe().map(|program| program.with_file_name("abu-server"));
    Ok(Host {
        // Absolute, because the server starts in another working directory.
        server: path::absolute(arguments.server_binary.clone().map_or_else(beside, Ok)?)?,
        scratch: arguments.scratch.clone().unwrap_or_else(env::temp_dir),
        interrupted,
    })
}

/// Each connection uses a file descriptor.
fn raise_limit_of_open_files() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
}
