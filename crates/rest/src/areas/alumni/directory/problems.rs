//! Refusals about the directory, as problem documents.

use abu_application::alumni::directory::DirectoryError;

use crate::{
    input::FieldError,
    problem::{Problem, refusals},
};

refusals! {
    DirectoryError: Access, RateLimited, Store {
        NotVerified => NotVerifiedAlumni,
            "Only verified graduates search the directory. Claim your record first: POST /api/v1/me/claims.";
        TooBroad => SearchTooBroad,
            "The search took too long. Add a year, a department or another word of the name.";
    } {
        DirectoryError::Unknown(parameter, violation) => {
            Problem::validation(vec![FieldError::in_query(parameter, violation.code, violation.rule)])
        }
    }
}
