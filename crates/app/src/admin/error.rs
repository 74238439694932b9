use std::io;

use abu_application::{
    access::AccessError,
    accounts::AccountError,
    audit::{Broken, VerificationError},
    ports::StoreError,
    setup::SetupError,
};
use abu_repository::migrations::MigrationError;

use abu_security::SecretStoreError;

use crate::{database::PreparationError, exit_code, settings::ConfigErrors};

/// Why a command failed, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// Settings are missing that could not be asked for.
    #[error("{}", missing(.0))]
    Missing(Vec<&'static str>),
    /// The server's own PostgreSQL does not start.
    #[error(transparent)]
    OwnPostgres(#[from] abu_embedded_postgres::StartError),
    /// The database cannot be used as it is.
    #[error(transparent)]
    Database(#[from] PreparationError),
    /// The first administrator was not made, or an account got no other password.
    #[error(transparent)]
    Setup(SetupError),
    /// A password was not acceptable.
    #[error("the password {0}")]
    Password(String),
    /// Nobody has that e-mail address.
    #[error("there is no account with that e-mail address")]
    NoSuchAccount,
    /// The server is not ready, or not there.
    #[error("{0}")]
    NotHealthy(String),
    /// The command line is wrong in a way that its parser cannot see.
    #[error("{0}")]
    Usage(String),
    /// A secret could not be removed.
    #[error(transparent)]
    Secrets(#[from] SecretStoreError),
    /// What was asked for cannot be done to the account.
    #[error(transparent)]
    Account(AccountError),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Threads(#[source] io::Error),
    /// The audit log is not whole.
    #[error(transparent)]
    AuditLog(#[from] Broken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The terminal, or what stands for it.
    #[error("cannot ask or answer: {0}")]
    Terminal(#[from] io::Error),
}

impl AdminError {
    /// The number to exit with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Missing(_) | Self::Setup(SetupError::PasswordMissing) => {
                exit_code::CONFIGURATION
            }
            Self::Usage(_) => exit_code::USAGE,
            Self::OwnPostgres(_) => exit_code::DATABASE,
            Self::AuditLog(_) => exit_code::AUDIT_LOG,
            Self::Store(StoreError::Unavailable(_) | StoreError::CommitInDoubt(_)) => {
                exit_code::DATABASE
            }
            Self::Database(error) => error.exit_code(),
            Self::Account(_)
            | Self::Setup(_)
            | Self::Threads(_)
            | Self::Password(_)
            | Self::NoSuchAccount
            | Self::NotHealthy(_)
            | Self::Secrets(_)
            | Self::Store(_)
            | Self::Terminal(_) => exit_code::FAILED,
        }
    }
}

impl From<VerificationError> for AdminError {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::Broken(broken) => broken.into(),
            VerificationError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for AdminError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) | AccountError::Access(AccessError::Store(error)) => {
                Self::Store(error)
            }
            AccountError::NotFound => Self::NoSuchAccount,
            error => Self::Account(error),
        }
    }
}

impl From<MigrationError> for AdminError {
    fn from(error: MigrationError) -> Self {
        Self::Database(error.into())
    }
}

impl From<SetupError> for AdminError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Store(error) => Self::Store(error),
            error => Self::Setup(error),
        }
    }
}

fn missing(keys: &[&'static str]) -> String {
    let named: Vec<_> = keys
        .iter()
        .map(|key| {
            let variable = format!("ABU__{}", key.to_uppercase().replace('.', "__"));
            format!("{key} (the variable {variable}, or the file that {variable}_FILE names)")
        })
        .collect();
    format!(
        "not set, and there is no terminal to ask on: {}",
        named.join("; ")
    )
}
