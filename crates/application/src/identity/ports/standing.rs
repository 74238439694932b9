use std::sync::Arc;

use abu_domain::UserId;
use chrono::{DateTime, Utc};

use crate::{
    platform::ports::{Applied, StoreError},
    store::Writes,
};

/// Publishes after the commit what a listener changed. Call it from a thread that may block.
pub type Publishing = Box<dyn FnOnce() -> Applied + Send>;

/// The work of outer areas in the transaction that suspends, activates, hides or shows an account.
pub trait StandingListener: Send + Sync + 'static {
    /// Runs after the account was suspended or activated.
    fn standing_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Publishing, StoreError>;

    /// Runs after the owner deactivated the account, or after it was shown again.
    fn deactivation_changed(
        &self,
        _tx: &mut dyn Writes,
        _user: UserId,
        _now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The listeners of several areas, in their order.
pub struct StandingListeners(pub Vec<Arc<dyn StandingListener>>);

impl StandingListener for StandingListeners {
    fn standing_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Publishing, StoreError> {
        let all = self
            .0
            .iter()
            .map(|listener| listener.standing_changed(tx, user, now));
        let all: Vec<Publishing> = all.collect::<Result<_, _>>()?;
        Ok(Box::new(move || {
            let applied: Vec<Applied> = all.into_iter().map(|publish| publish()).collect();
            Box::pin(async move {
                for applied in applied {
                    applied.await;
                }
            })
        }))
    }

    fn deactivation_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for listener in &self.0 {
            listener.deactivation_changed(tx, user, now)?;
        }
        Ok(())
    }
}
