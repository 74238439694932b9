//! The one way from async code into code that blocks.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

/// Why blocking work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockingError {
    /// All places were taken for longer than the limit.
    #[error("too much work is waiting")]
    Busy,
    /// The work panicked, or the process is shutting down.
    #[error("the work was not finished")]
    Failed,
}

/// A bounded number of places for work that blocks.
///
/// Whoever waits for a place holds a small future, not a thread; whoever has one runs on the
/// runtime's blocking threads. Once begun, work runs to its end even if nobody waits for it any
/// more, so a change and what must follow it belong into one piece of work.
#[derive(Clone, Debug)]
pub struct BlockingPool {
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl BlockingPool {
    /// A pool of so many places, whose callers wait at most `timeout` for one.
    pub fn new(places: usize, timeout: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.max(1))),
            timeout,
        }
    }

    /// Runs `work` as soon as there is a place.
    pub async fn run<T, F>(&self, work: F) -> Result<T, BlockingError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let place = tokio::time::timeout(self.timeout, self.places.clone().acquire_owned())
            .await
            .map_err(|_elapsed| BlockingError::Busy)?
            .map_err(|_closed| BlockingError::Failed)?;
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await
        .map_err(|_panic_or_shutdown| BlockingError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_waits_for_a_place_and_gives_up_when_its_patience_ends() {
        let pool = BlockingPool::new(1, Duration::from_millis(20));
        let (release, held) = mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let busy = pool.clone();
        let first = tokio::spawn(async move {
            busy.run(move || {
                let _ = started.send(());
                let _ = held.recv();
            })
            .await
        });
        has_started.await.unwrap();
        assert_eq!(pool.run(|| ()).await, Err(BlockingError::Busy));
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_the_place_back() {
        let pool = BlockingPool::new(1, Duration::from_secs(5));
        let panicked = pool.run(|| panic!("on purpose")).await;
        assert_eq!(panicked, Err(BlockingError::Failed));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }
}
