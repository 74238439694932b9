//! Refusals of the alumni area, as problem documents.

use abu_application::alumni::{
    imports::ImportError,
    ports::{Blocker, ImportFileError},
};
use abu_domain::alumni::{import_state::ImportState, imports::MappingError};

use crate::{
    areas::alumni::problems::storage,
    input::FieldError,
    problem::{Problem, ProblemKind, refusals},
};

fn in_state(state: ImportState) -> Problem {
    let detail = match state {
        ImportState::Uploaded => "The import is not judged yet.",
        ImportState::Judging => "The import is being judged.",
        ImportState::Judged => "The import is not committed.",
        ImportState::Committing => "The import is being committed.",
        ImportState::Committed => "The import is committed.",
        ImportState::RollingBack => "The import is being rolled back.",
        ImportState::RolledBack => "The import was rolled back.",
        ImportState::Failed => "The import has failed.",
        ImportState::Discarded => "The import was given up.",
    };
    Problem::conflict("import-state", detail)
}

fn outdated(lines: &[u32]) -> Problem {
    let error = |line: &u32| {
        FieldError::in_body(
            "lines",
            "line.outdated",
            format!("name line {line}, whose verdict is outdated"),
        )
    };
    Problem::conflict(
        "import-outdated",
        "The register has changed since the import was judged: judge it again.",
    )
    .with_errors(lines.iter().map(error).collect())
}

fn blocked(blockers: &[Blocker]) -> Problem {
    let error = |blocker: &Blocker| {
        let rule = format!("name {}, which is {} since", blocker.record, blocker.reason);
        FieldError::in_body("records", "record.used", rule)
    };
    Problem::conflict(
        "records-used",
        "Something depends on records of the import. With skip=true they stay as they are.",
    )
    .with_errors(blockers.iter().map(error).collect())
}

fn mapping(errors: &[MappingError]) -> Problem {
    let error = |error: &MappingError| {
        let MappingError {
            field,
            column,
            violation,
        } = error;
        let place = format!("{} {}", field.name(), violation.rule);
        let rule = match column {
            Some(column) => format!("does not fit: {place} (column \"{column}\")"),
            None => format!("does not fit: {place}"),
        };
        FieldError::in_body("mapping", violation.code, rule)
    };
    Problem::validation(errors.iter().map(error).collect())
}

fn file(error: ImportFileError) -> Problem {
    match error {
        ImportFileError::Header(problem) => Problem::in_field(
            "file",
            "file.header",
            format!("has a header that {problem}"),
        ),
        ImportFileError::Mapping(errors) => mapping(&errors),
        ImportFileError::Read(broken) => Problem::internal(broken),
    }
}

refusals! {
    ImportError: Access, Store {
        NotFound => NotFound, "There is no such import.";
        UnderWay => Conflict("import-under-way"), "A step of the import waits or runs.";
        TooLate => Conflict("too-late"),
            "An import can be rolled back within 30 days of its commit.";
        FileGone => Conflict("file-gone"), "The file of the import is not stored any more.";
        StagingLost => Conflict("staging-lost"),
            "The database lost the lines in a crash: judge the import again.";
        Interrupted => Unavailable, "The step was interrupted. Try again in a moment.";
    } {
        ImportError::WrongState(state) => in_state(state),
        ImportError::Busy => {
            Self::conflict("import-busy", "Another import is running.").worth_trying_in(5)
        }
        ImportError::Outdated(lines) => outdated(&lines),
        ImportError::Blocked(blockers) => blocked(&blockers),
        ImportError::Mapping(errors) => mapping(&errors),
        ImportError::File(error) => file(error),
        ImportError::Empty => Self::in_field("file", "file.empty", "must not be empty"),
        ImportError::TooLarge { max_bytes } => Self::new(
            ProblemKind::PayloadTooLarge,
            format!("The file has more than {max_bytes} bytes."),
        ),
        ImportError::Files(error) => storage(error),
        ImportError::Blocking(busy) => Self::unavailable(busy),
    }
}
