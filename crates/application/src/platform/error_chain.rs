//! Error chains (`Error::source`) as one line of text.

use std::error::Error;

use crate::platform::ports::StoreError;

/// Joins the error and its sources with colons. Skips a source whose text is already there.
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

/// Logs a failure of the store. An outage is a debug record, because the database's supervisor logs
/// it once.
pub fn log_failure(doing: &str, error: &StoreError) {
    match error {
        StoreError::Unavailable(_) => log::debug!("{doing}: the database is away"),
        StoreError::Locked(_) => log::debug!("{doing}: a row is locked"),
        error => log::error!("{doing} failed: {error}: {:?}", error.source()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the first administrator could not be made: {0}")]
    struct Outer(#[source] StoreError);

    #[test]
    fn each_cause_is_named_once() {
        let cause = || StoreError::Other("nothing is seeded".into());
        assert_eq!(
            error_chain(&cause()),
            "the database refused: nothing is seeded"
        );
        assert_eq!(
            error_chain(&Outer(cause())),
            "the first administrator could not be made: the database refused: nothing is seeded"
        );
    }
}
