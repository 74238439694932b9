use abu_domain::UserId;
use chrono::{DateTime, Utc};

use crate::{
    platform::ports::{Applied, StoreError},
    store::Writes,
};

/// Publishes after the commit what a listener changed. Call it from a thread that may block.
pub type Publishing = Box<dyn FnOnce() -> Applied + Send>;

/// The work of outer areas in the transaction that suspends or activates an account.
pub trait StandingListener: Send + Sync + 'static {
    /// Runs after the change of the account.
    fn standing_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Publishing, StoreError>;
}
