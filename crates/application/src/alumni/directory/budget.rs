//! The daily budget of cards: an account that reads the directory like a book is noticed, then stopped.

use abu_domain::UserId;

use super::{Directory, DirectoryError};
use crate::platform::rate_limits::{Key, QuotaStatus, Shaping};

/// What a page took of the budget.
pub type Spent = Option<QuotaStatus>;

impl Directory {
    /// Takes cards of the caller's daily budget. Logs once when four fifths of it are gone.
    ///
    /// # Errors
    /// The budget does not have so many. Nothing is taken then.
    pub fn spend(&self, user: UserId, cards: u32) -> Result<Spent, DirectoryError> {
        if cards == 0 {
            return Ok(None);
        }
        let limits = &self.context.limits;
        let spent = limits.take_many(Shaping::DirectoryCards, Key::User(user), cards)?;
        if let Some(status) = spent
            && is_alarming(status, cards)
        {
            metrics::counter!("abu_directory_alerts_total").increment(1);
            log::warn!(user:% = user; "an account has read four fifths of its daily directory cards");
        }
        Ok(spent)
    }
}

/// Whether these cards took the budget below a fifth.
fn is_alarming(status: QuotaStatus, cards: u32) -> bool {
    let fifth = status.quota.limit().get() / 5;
    status.remaining < fifth && status.remaining + cards >= fifth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alert_comes_once_when_a_fifth_is_left() {
        let status = |remaining| QuotaStatus {
            policy: "directory-cards",
            quota: "2000/d".parse().unwrap(),
            remaining,
            renews_in: 1,
        };
        let alarming = [420, 400, 380, 360].map(|remaining| is_alarming(status(remaining), 20));
        assert_eq!(alarming, [false, false, true, false]);
    }
}
