//! Refusals of reference data, as problem documents.

use abu_application::alumni::reference::{NoSuchDetail, ReferenceError};
use abu_domain::alumni::reference::{Code, Flaw, Kind};

use super::body::FOREIGN;
use crate::{
    input::FieldError,
    problem::{Problem, ProblemKind, refusals},
};

pub(super) fn no_such_entry() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such entry or version.")
}

refusals! {
    ReferenceError: Access, Changed, Store {
        NotFound => NotFound, "There is no such entry or version.";
        Superseded => NotFound, "The list has a newer version: GET /api/v1/reference names it.";
    } {
        ReferenceError::CodeTaken => duplicate("code", "code.taken", "names another entry"),
        ReferenceError::Flawed(flaw) => flawed(flaw),
        ReferenceError::NoParent(kind, _code) => no_parent(kind),
        ReferenceError::NoSuchDetail(NoSuchDetail::Foreign(field)) => {
            Self::in_field(field, FOREIGN.code, FOREIGN.rule)
        }
        ReferenceError::NoSuchDetail(NoSuchDetail::Backward) => Self::in_field(
            "valid_until",
            "valid_until.before-start",
            "must not be before valid_from",
        ),
    }
}

fn duplicate(field: &'static str, code: &'static str, rule: &str) -> Problem {
    Problem::new(
        ProblemKind::Duplicate,
        "Imports could not tell this entry from another one of the list.",
    )
    .with_errors(vec![FieldError::in_body(field, code, rule)])
}

fn shared_name(with: &Code) -> Problem {
    let rule = format!("or an alias also means the entry {with}");
    duplicate("name", "name.shared", &rule)
}

fn flawed(flaw: Flaw) -> Problem {
    match flaw {
        Flaw::CodeTwice(_) => duplicate("code", "code.taken", "names another entry"),
        Flaw::SharedName { with, .. } => shared_name(&with),
        Flaw::Unfindable { .. } => Problem::in_field(
            "name",
            "label.no-letter",
            "and each alias must have a letter or a digit",
        ),
        Flaw::NoSuccessor(_) => Problem::in_field(
            "successor",
            "successor.unknown",
            "names no entry of the list",
        ),
        Flaw::Cycle(_) => Problem::conflict(
            "successor-cycle",
            "The successors of the successor lead back to this entry.",
        ),
        Flaw::TooManyAliases(_) => {
            Problem::in_field("aliases", "list.length", "names too many at once")
        }
    }
}

fn no_parent(kind: Kind) -> Problem {
    let (field, rule) = match kind {
        Kind::Departments => ("department", "names no department"),
        Kind::Degrees => ("degree", "names no degree"),
        _ => ("faculty", "names no faculty"),
    };
    Problem::in_field(field, "code.unknown", rule)
}
