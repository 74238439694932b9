use std::{io, net::SocketAddr};

use abu_demo::DemoError;
use abu_mail::MailStartError;
use abu_security::SecretStoreError;

use crate::{
    database::PreparationError, exit_code, metrics::InstallError, synthetic::SyntheticError,
};

/// The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {}", why_not(.source, .setting))]
    Listen {
        address: SocketAddr,
        /// Where the address comes from.
        setting: &'static str,
        source: io::Error,
    },
    #[error(transparent)]
    Secrets(#[from] SecretStoreError),
    #[error("{0}; to use another PostgreSQL set database.url (ABU__DATABASE__URL)")]
    OwnPostgres(#[from] abu_embedded_postgres::StartError),
    #[error(transparent)]
    Database(#[from] PreparationError),
    #[error(transparent)]
    Mail(#[from] MailStartError),
    #[error("the metrics cannot be recorded: {0}")]
    Metrics(#[from] InstallError),
    #[error("the demonstration could not be filled in: {0}")]
    Demo(#[source] DemoError),
    #[error("the graduates could not be made: {0}")]
    Synthetic(#[source] SyntheticError),
    /// The system refused threads or signal handlers.
    #[error("the system refused: {0}")]
    Threads(#[source] io::Error),
    /// A part of the server panicked; the log has the details.
    #[error("{0} ended unexpectedly")]
    Broken(&'static str),
}

impl StartError {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Listen { .. } => exit_code::ADDRESS,
            Self::OwnPostgres(_) => exit_code::DATABASE,
            Self::Database(error) => error.exit_code(),
            Self::Mail(MailStartError::Certificates(_)) => exit_code::CONFIGURATION,
            Self::Secrets(_)
            | Self::Metrics(_)
            | Self::Demo(_)
            | Self::Synthetic(_)
            | Self::Mail(MailStartError::Thread(_))
            | Self::Threads(_)
            | Self::Broken(_) => exit_code::FAILED,
        }
    }
}

fn why_not(error: &io::Error, setting: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("another program listens there; stop it, or set another port in {setting}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; set one of its own in {setting}")
        }
        io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 take special rights; set another in {setting}")
        }
        _ => error.to_string(),
    }
}
