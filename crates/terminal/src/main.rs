#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod app;
#[cfg(test)]
mod app_tests;
mod ask;
mod composer;
#[cfg(test)]
mod fixture;
mod heights;
mod keys;
mod log_in;
mod room;
mod run;
mod screen;
mod text;
mod transcript;
mod view;
#[cfg(test)]
mod view_tests;

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use abu_chat_client::{BuildError, Client, ConnectError, LogInError};
use clap::Parser;

use crate::{run::Failure, screen::Screen};

/// How long logging out may take.
const LOG_OUT: Duration = Duration::from_secs(5);

/// The chat of ABU Alumni Connect in a terminal.
///
/// The password is asked for, or taken from ABU_CHAT_PASSWORD. Exit codes: 0 after leaving, 1 after a
/// failure, 2 for a wrong command line or no terminal, 3 for a refused log-in.
#[derive(Debug, Parser)]
#[command(name = "abu-chat", version)]
struct Arguments {
    /// Where the server is.
    #[arg(long, env = "ABU_CHAT_SERVER", default_value = "http://localhost:8080")]
    server: String,
    /// The address you log in with; asked for if left out.
    #[arg(long, env = "ABU_CHAT_EMAIL")]
    email: Option<String>,
}

/// What ends the program other than its user.
#[derive(Debug)]
enum Problem {
    NoTerminal,
    Address(BuildError),
    Asking(io::Error),
    LogIn(LogInError),
    Connect(ConnectError),
    Running(Failure),
}

impl Problem {
    fn exit_code(&self) -> u8 {
        match self {
            Self::NoTerminal | Self::Address(_) => 2,
            Self::LogIn(LogInError::Api(_) | LogInError::RateLimited { .. }) => 1,
            Self::LogIn(_) => 3,
            Self::Asking(_) | Self::Connect(_) | Self::Running(_) => 1,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTerminal => f.write_str("this program needs a terminal to write and read"),
            Self::Address(error) => error.fmt(f),
            Self::Asking(error) => write!(f, "the terminal cannot be read: {error}"),
            Self::LogIn(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Running(Failure::Terminal(error)) => write!(f, "the terminal failed: {error}"),
            Self::Running(Failure::Ended(reason)) => reason.fmt(f),
            Self::Running(Failure::Broken) => f.write_str("a part of the program failed"),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match chat(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // What the server says may stand in it.
            let line = text::clean_line(&problem.to_string());
            drop(writeln!(io::stderr(), "abu-chat: {line}"));
            ExitCode::from(problem.exit_code())
        }
    }
}

async fn chat(arguments: Arguments) -> Result<(), Problem> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Problem::NoTerminal);
    }
    let client = Client::builder(arguments.server)
        .device_name("abu-chat")
        .build()
        .map_err(Problem::Address)?;
    let session = log_in::log_in(&client, arguments.email).await?;
    let ended = match session.connect().await {
        Ok((chat, events)) => {
            let screen = Screen::take().map_err(Failure::Terminal);
            match screen {
                Ok(mut screen) => run::run(&mut screen.terminal, &session, chat, events).await,
                Err(error) => Err(error),
            }
            .map_err(Problem::Running)
        }
        Err(error) => Err(Problem::Connect(error)),
    };
    // The log-in ends with the program; if the server is away it ends in its own time.
    drop(tokio::time::timeout(LOG_OUT, session.log_out()).await);
    ended
}
