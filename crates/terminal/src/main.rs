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
mod help;
mod hints;
mod keys;
mod log_in;
mod room;
mod run;
mod screen;
mod signals;
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

use abu_chat_client::{BuildError, Client, ConnectError, LogInError, Session};
use clap::Parser;

use crate::{
    app::Unsent,
    run::Failure,
    screen::Screen,
    signals::{Signals, Stop},
};

const LOG_OUT: Duration = Duration::from_secs(5);

/// The chat of ABU Alumni Connect in a terminal.
///
/// The password is asked for, or taken from ABU_CHAT_PASSWORD. Exit codes: 0 after leaving, 1 after a
/// failure, 2 for a wrong command line or no terminal, 3 for a refused log-in, 130 where it was interrupted
/// before the chat was shown.
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

/// Why the program fails.
#[derive(Debug)]
enum Problem {
    NoTerminal,
    Address(BuildError),
    Asking(io::Error),
    LogIn(LogInError),
    Connect(ConnectError),
    /// A signal arrived before the terminal UI started.
    Stopped(Stop),
    Running(Failure),
}

impl Problem {
    fn exit_code(&self) -> u8 {
        match self {
            Self::NoTerminal | Self::Address(_) => 2,
            Self::LogIn(LogInError::Api(_) | LogInError::RateLimited { .. }) => 1,
            Self::LogIn(_) => 3,
            Self::Stopped(stop) => stop.exit_code(),
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
            Self::Stopped(_) => f.write_str("interrupted"),
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
            // The message may contain text of the server.
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
    let mut signals = Signals::hear().map_err(Problem::Asking)?;
    let session = signals
        .unless(log_in::log_in(&client, arguments.email))
        .await
        .map_err(stopped)??;
    let ended = show(&session, &mut signals).await;
    // Without an answer the login session ends at its expiry.
    let log_out = tokio::time::timeout(LOG_OUT, session.log_out());
    drop(signals.unless(log_out).await);
    ended
}

async fn show(session: &Session, signals: &mut Signals) -> Result<(), Problem> {
    let (chat, events) = signals
        .unless(session.connect())
        .await
        .map_err(Problem::Stopped)?
        .map_err(Problem::Connect)?;
    let left = match Screen::take() {
        Ok(mut screen) => run::run(&mut screen.terminal, session, chat, events, signals).await,
        Err(error) => Failure::Terminal(error).into(),
    };
    // `Screen` has restored the terminal by now.
    say(&left.unsent);
    left.result.map_err(Problem::Running)
}

/// Ends the line of the interrupted prompt.
fn stopped(stop: Stop) -> Problem {
    drop(writeln!(io::stderr()));
    Problem::Stopped(stop)
}

/// Prints unsent messages, so that the user can send them again.
fn say(unsent: &[Unsent]) {
    for Unsent { room, text } in unsent {
        let text = text::clean_line(text);
        drop(writeln!(
            io::stderr(),
            "abu-chat: not sent to {room}: {text}"
        ));
    }
}
