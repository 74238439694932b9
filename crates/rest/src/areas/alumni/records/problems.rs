//! Refusals about records, as problem documents.

use abu_application::alumni::records::RecordError;

use crate::problem::{ProblemKind, refusals};

refusals! {
    RecordError: Access, Changed, Store {
        NotFound => NotFound, "There is no such record.";
        BothClaimed => Conflict("both-claimed"),
            "Accounts are linked to both records. Revoke one of the claims first.";
    } {
        RecordError::WrongState(state) => {
            let detail = format!("The record is {}, so this is not possible.", state.name());
            Self::new(ProblemKind::Conflict, detail).with_code("record-state")
        }
        RecordError::UnknownReference(field) => {
            Self::in_field("awards", "reference.unknown", format!("name a {field} that the reference data does not have"))
        }
        RecordError::UnknownAward => {
            Self::in_field("awards", "award.unknown", "name an award that the record does not have")
        }
        RecordError::ImportRunning => {
            Self::conflict("import-running", "An import writes to the register.").worth_trying_in(5)
        }
        RecordError::TooManyAwards => {
            Self::in_field("awards", "list.length", "must be at most 20")
        }
        RecordError::Name(violation) => Self::in_field("surname", violation.code, violation.rule),
        RecordError::SameRecord => {
            Self::in_field("drop_uuid", "record.same", "must name another record")
        }
    }
}
