use abu_repository::inspection::{self, InspectionError, Place};
use chrono::TimeDelta;
use secrecy::SecretString;

/// Tokens, links and leases count in minutes; logs of two machines are compared by seconds.
const TOLERATED_SKEW: TimeDelta = TimeDelta::seconds(2);

/// Refuses a database that the program cannot use; warns of one that it can use badly.
pub fn inspect(url: &SecretString) -> Result<Place, InspectionError> {
    let found = inspection::inspect(url)?;
    if found.clock_ahead.abs() > TOLERATED_SKEW {
        let direction = match found.clock_ahead > TimeDelta::zero() {
            true => "ahead of",
            false => "behind",
        };
        log::warn!(
            "the database's clock is {:.1} s {direction} this machine's: synchronize both",
            found.clock_ahead.abs().as_seconds_f64()
        );
    }
    if let Some(language) = found.foreign_messages {
        log::warn!(
            "the database's messages are in {language}, so its outages may be mistaken for failures: \
             ALTER ROLE … SET lc_messages = 'C' as a superuser"
        );
    }
    Ok(found.place)
}
