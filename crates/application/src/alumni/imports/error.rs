use abu_domain::alumni::{import_state::ImportState, imports::MappingError};

use crate::{
    access::AccessError,
    alumni::ports::{Blocker, ImportFileError},
    platform::{
        blocking::BlockingError,
        ports::{FileError, StoreError},
    },
};

/// Why an import does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such import")]
    NotFound,
    /// The step does not follow from this state.
    #[error("the import is {}", .0.name())]
    WrongState(ImportState),
    /// A job about the import waits or runs.
    #[error("a step of the import is under way")]
    UnderWay,
    /// One import runs at a time.
    #[error("another import is running")]
    Busy,
    /// The register changed since the judgment: these lines, at most a hundred, are to be judged again.
    #[error("the register changed since the import was judged")]
    Outdated(Vec<u32>),
    /// Something depends on these records, at most a hundred.
    #[error("records of the import were used since")]
    Blocked(Vec<Blocker>),
    /// The commit is too long ago.
    #[error("the import was committed more than 30 days ago")]
    TooLate,
    #[error("the file is too large")]
    TooLarge { max_bytes: u64 },
    #[error("the file is empty")]
    Empty,
    /// The mapping is wrong by itself, or for the header of the file.
    #[error("the mapping does not fit")]
    Mapping(Vec<MappingError>),
    /// The file cannot be read as a table.
    #[error(transparent)]
    File(ImportFileError),
    /// The stored file is gone.
    #[error("the file is not stored any more")]
    FileGone,
    /// The staged lines are not those of the file. The database lost them in a crash, or another process has the
    /// import.
    #[error("the staged lines were lost")]
    StagingLost,
    /// The process stops, or lost its import; the step begins anew later.
    #[error("the step was interrupted")]
    Interrupted,
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Blocking(#[from] BlockingError),
}

impl From<ImportFileError> for ImportError {
    fn from(error: ImportFileError) -> Self {
        match error {
            ImportFileError::Mapping(errors) => Self::Mapping(errors),
            error => Self::File(error),
        }
    }
}

impl ImportError {
    /// Whether no later attempt can succeed with this file and mapping.
    pub(super) fn is_of_the_file(&self) -> bool {
        match self {
            Self::Mapping(_) | Self::FileGone | Self::Files(FileError::NotFound) => true,
            Self::File(error) => !matches!(error, ImportFileError::Read(_)),
            _ => false,
        }
    }

    /// For the import's page; holds no personal data.
    pub(super) fn for_the_office(&self) -> String {
        match self {
            Self::Mapping(errors) => {
                let named = errors.iter().take(5).map(ToString::to_string);
                named.collect::<Vec<_>>().join("; ")
            }
            Self::Store(_) | Self::Files(_) | Self::Blocking(_) => {
                "It failed inside the server. The operator sees why.".to_owned()
            }
            error => error.to_string(),
        }
    }
}
