use std::{io, path::PathBuf};

use abu_application::{
    access::{AccessError, JobsError},
    alumni::imports::ImportError,
    identity::{
        accounts::AccountError, erasure::RunError, key_rotation::RotationError, setup::SetupError,
    },
    platform::{
        audit::{Broken, VerificationError},
        orphans::OrphansError,
        ports::{FileError, StoreError},
    },
};
use abu_mail::{MailStartError, TestMailError};
use abu_repository::{migrations::MigrationError, server_lock::ServerLockError};
use abu_security::SecretStoreError;
use abu_settings::ConfigErrors;

use abu_programs::{
    database::{PreparationError, ReferenceDataError},
    exit_code,
    synthetic::SyntheticError,
};

/// The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// Unset, without a terminal to prompt on.
    #[error("{}", missing(.0))]
    Missing(Vec<&'static str>),
    #[error(transparent)]
    OwnPostgres(#[from] abu_embedded_postgres::StartError),
    #[error(transparent)]
    Database(#[from] PreparationError),
    #[error(transparent)]
    Setup(SetupError),
    #[error("the password {0}")]
    Password(String),
    #[error("there is no account with that e-mail address")]
    NoSuchAccount,
    #[error("there is no account with that UUID, or it is erased")]
    NoSuchUser,
    #[error(transparent)]
    ServerLock(ServerLockError),
    #[error("the account has no such log-in")]
    NoSuchSession,
    #[error("{0}")]
    NotHealthy(String),
    /// Invalid in a way that the parser cannot detect.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Secrets(#[from] SecretStoreError),
    #[error(transparent)]
    Account(AccountError),
    #[error(transparent)]
    Job(JobsError),
    #[error(transparent)]
    Access(AccessError),
    #[error("cannot start a thread: {0}")]
    Threads(#[source] io::Error),
    #[error("cannot read {}: {source}", path.display())]
    Log { path: PathBuf, source: io::Error },
    #[error("{} holds no head of the audit log", .0.display())]
    NoHeads(PathBuf),
    #[error(transparent)]
    AuditLog(#[from] Broken),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the server sealed the heads that it noted: set auth.encryption_key as it has it")]
    NoEncryptionKey,
    #[error("nothing was changed")]
    NotConfirmed,
    #[error("the mail could not be sent: {0}")]
    TestMail(#[from] TestMailError),
    #[error(
        "a server encrypts with the previous key still: give it both keys, restart it, and repeat this"
    )]
    KeyInUse,
    #[error(
        "{0} values open with neither key: set auth.previous_encryption_key to the key that encrypted them"
    )]
    KeyLost(usize),
    #[error("a secret cannot be encrypted: {0}")]
    Seal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the reference data could not be loaded: {0}")]
    ReferenceData(#[from] ReferenceDataError),
    #[error("production takes no synthetic people")]
    Synthetic,
    #[error(transparent)]
    Generator(#[from] SyntheticError),
    #[error("cannot write {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Import(ImportError),
    #[error(
        "search rows of the directory differ from the profiles: repair them by `directory check --repair`"
    )]
    Directory,
    #[error(transparent)]
    Files(FileError),
    #[error("cannot ask or answer: {0}")]
    Terminal(#[from] io::Error),
}

impl AdminError {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_)
            | Self::Missing(_)
            | Self::NoEncryptionKey
            | Self::TestMail(
                TestMailError::NoRelay | TestMailError::Start(MailStartError::Certificates(_)),
            )
            | Self::Setup(SetupError::PasswordMissing) => exit_code::CONFIGURATION,
            Self::Usage(_) => exit_code::USAGE,
            Self::OwnPostgres(_) => exit_code::DATABASE,
            Self::AuditLog(_) => exit_code::AUDIT_LOG,
            Self::Store(error) if error.is_transient() => exit_code::DATABASE,
            Self::Database(error) => error.exit_code(),
            Self::Account(_)
            | Self::Setup(_)
            | Self::Job(_)
            | Self::Threads(_)
            | Self::Password(_)
            | Self::NoSuchAccount
            | Self::NoSuchUser
            | Self::ServerLock(_)
            | Self::Access(_)
            | Self::NoSuchSession
            | Self::NotHealthy(_)
            | Self::Log { .. }
            | Self::NoHeads(_)
            | Self::NotConfirmed
            | Self::TestMail(_)
            | Self::KeyInUse
            | Self::KeyLost(_)
            | Self::Seal(_)
            | Self::Secrets(_)
            | Self::Store(_)
            | Self::ReferenceData(_)
            | Self::Synthetic
            | Self::Generator(_)
            | Self::File { .. }
            | Self::Import(_)
            | Self::Directory
            | Self::Files(_)
            | Self::Terminal(_) => exit_code::FAILED,
        }
    }
}

impl From<RunError> for AdminError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Access(error) => error.into(),
            RunError::NotFound => Self::NoSuchUser,
            RunError::Store(error) => error.into(),
        }
    }
}

impl From<AccessError> for AdminError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Store(error) => error.into(),
            error => Self::Access(error),
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

impl From<RotationError> for AdminError {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Store(error) => Self::Store(error),
            RotationError::Seal(source) => Self::Seal(source),
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

impl From<JobsError> for AdminError {
    fn from(error: JobsError) -> Self {
        match error {
            JobsError::Store(error) | JobsError::Access(AccessError::Store(error)) => {
                Self::Store(error)
            }
            error => Self::Job(error),
        }
    }
}

impl From<ImportError> for AdminError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) | ImportError::Access(AccessError::Store(error)) => {
                Self::Store(error)
            }
            ImportError::Mapping(errors) => {
                let errors = errors.iter().map(ToString::to_string);
                Self::Usage(format!(
                    "the mapping does not fit: {}",
                    errors.collect::<Vec<_>>().join("; ")
                ))
            }
            error => Self::Import(error),
        }
    }
}

impl From<OrphansError> for AdminError {
    fn from(error: OrphansError) -> Self {
        match error {
            OrphansError::Store(error) => error.into(),
            OrphansError::Files(error) => Self::Files(error),
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
