//! Backpressure: reports whether most readers of this process lag, so publishers of presence can wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// The poll interval of [`Backpressure::wait_while_high`].
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Counts the outboxes and the loaded ones. Both counters change rarely, so they cost nothing per message.
#[derive(Debug, Default)]
pub(crate) struct Backpressure {
    outboxes: AtomicUsize,
    loaded: AtomicUsize,
    /// Set at shutdown: ends all waiting.
    released: AtomicBool,
}

impl Backpressure {
    /// Whether most outboxes are loaded: then the server is too fast or the network too slow, and not
    /// a single reader.
    pub(crate) fn is_high(&self) -> bool {
        let is_released = self.released.load(Relaxed);
        !is_released && self.loaded.load(Relaxed) * 2 > self.outboxes.load(Relaxed)
    }

    /// Ends all waiting for good: during the drain, most of the remaining outboxes may be loaded.
    pub(crate) fn release(&self) {
        self.released.store(true, Relaxed);
    }

    /// Waits while it is high, and no longer than this.
    pub(crate) async fn wait_while_high(&self, at_most: Duration) {
        let until = Instant::now() + at_most;
        while self.is_high() && Instant::now() < until {
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// What one outbox adds to the backpressure, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Share {
    backpressure: Arc<Backpressure>,
    is_loaded: bool,
}

impl Share {
    pub(crate) fn of(backpressure: &Arc<Backpressure>) -> Self {
        backpressure.outboxes.fetch_add(1, Relaxed);
        Self {
            backpressure: Arc::clone(backpressure),
            is_loaded: false,
        }
    }

    pub(crate) fn set_loaded(&mut self, is_loaded: bool) {
        if is_loaded == self.is_loaded {
            return;
        }
        self.is_loaded = is_loaded;
        match is_loaded {
            true => self.backpressure.loaded.fetch_add(1, Relaxed),
            false => self.backpressure.loaded.fetch_sub(1, Relaxed),
        };
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set_loaded(false);
        self.backpressure.outboxes.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_high_while_most_outboxes_are_loaded() {
        let backpressure = Arc::new(Backpressure::default());
        assert!(!backpressure.is_high());
        let mut shares: Vec<Share> = (0..4).map(|_| Share::of(&backpressure)).collect();
        for loaded in [0, 0, 1] {
            // Said twice, it counts once.
            shares[loaded].set_loaded(true);
            assert!(!backpressure.is_high());
        }
        shares[2].set_loaded(true);
        assert!(backpressure.is_high());
        shares[0].set_loaded(false);
        assert!(!backpressure.is_high());
        shares.remove(0);
        assert!(backpressure.is_high());
        shares.clear();
        assert!(!backpressure.is_high());
    }

    #[tokio::test]
    async fn a_waiter_goes_on_when_readers_keep_up_or_the_deadline_passes() {
        let backpressure = Arc::new(Backpressure::default());
        let mut share = Share::of(&backpressure);
        share.set_loaded(true);
        let longest = Duration::from_millis(20);
        let began = Instant::now();
        backpressure.wait_while_high(longest).await;
        assert!(began.elapsed() >= longest);

        let waiting = Arc::clone(&backpressure);
        let waiter = tokio::spawn(async move {
            waiting.wait_while_high(Duration::from_secs(3_600)).await;
        });
        share.set_loaded(false);
        waiter.await.unwrap();

        share.set_loaded(true);
        backpressure.release();
        backpressure
            .wait_while_high(Duration::from_secs(3_600))
            .await;
    }
}
