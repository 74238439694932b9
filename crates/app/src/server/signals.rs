//! Signals: SIGINT, SIGTERM and SIGQUIT stop the server, SIGHUP reloads, SIGUSR1 and SIGUSR2 do nothing.

use std::fmt;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;
use abu_programs::exit_code;

/// A signal that stops the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGQUIT: Ctrl-\, and a graceful stop for some service managers.
    Quit,
    /// SIGTERM: service managers send it.
    Terminate,
}

impl Received {
    /// The exit code after a forced end by this signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => exit_code::INTERRUPTED,
            Self::Quit => exit_code::QUIT,
            Self::Terminate => exit_code::TERMINATED,
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// From here on the signals no longer end the process.
pub(super) struct Signals {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
}

impl Signals {
    /// Also returns the stream of SIGHUP.
    pub(super) fn catch() -> Result<(Self, Signal), StartError> {
        let catch = |kind| signal(kind).map_err(StartError::Threads);
        // A handler stays for the life of the process.
        let _ = catch(SignalKind::user_defined1())?;
        let _ = catch(SignalKind::user_defined2())?;
        let signals = Self {
            interrupt: catch(SignalKind::interrupt())?,
            quit: catch(SignalKind::quit())?,
            terminate: catch(SignalKind::terminate())?,
        };
        Ok((signals, catch(SignalKind::hangup())?))
    }

    pub(super) async fn next(&mut self) -> Received {
        tokio::select! {
            _ = self.interrupt.recv() => Received::Interrupt,
            _ = self.quit.recv() => Received::Quit,
            _ = self.terminate.recv() => Received::Terminate,
        }
    }
}
