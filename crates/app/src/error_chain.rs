//! What lies behind an error.

use std::error::Error;

/// The error and all its error_chain, in one line. Words that an error has from its cause are not said twice.
pub fn error_chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !said.contains(&words) {
            said.push_str(": ");
            said.push_str(&words);
        }
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use abu_application::{ports::StoreError, setup::SetupError};

    use super::*;
    use crate::database::PreparationError;

    #[test]
    fn each_cause_is_named_once() {
        let cause = || StoreError::Other("nothing is seeded".into());
        assert_eq!(
            error_chain(&cause()),
            "the database refused: nothing is seeded"
        );
        let error = PreparationError::Setup(SetupError::Store(cause()));
        assert_eq!(
            error_chain(&error),
            "the first administrator could not be made: the database refused: nothing is seeded"
        );
    }
}
