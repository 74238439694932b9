//! Bounded pool for blocking work (bulkhead): the only way from async code into blocking code.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockingError {
    /// No place became free within the time limit.
    #[error("too much work is waiting")]
    Busy,
    /// The work is not done yet. It goes on.
    #[error("the work takes too long")]
    Late,
    /// The work panicked, or the runtime shuts down.
    #[error("the work was not finished")]
    Failed,
}

/// A semaphore before the runtime's blocking threads.
///
/// A waiting caller holds a future, not a thread. Work runs to its end even if its caller drops the
/// future. So a change and its follow-up belong into one piece of work.
#[derive(Clone, Debug)]
pub struct BlockingPool {
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl BlockingPool {
    /// At most `places` run at once; a caller waits at most `timeout` for a place.
    pub fn new(places: usize, timeout: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.max(1))),
            timeout,
        }
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T, BlockingError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.run_within(Duration::MAX, work).await
    }

    /// Like [`run`](Self::run), but the caller waits at most until the deadline, which counts from the work's
    /// start. The work keeps its place until it ends.
    pub async fn run_within<T, F>(&self, deadline: Duration, work: F) -> Result<T, BlockingError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let place = tokio::time::timeout(self.timeout, self.places.clone().acquire_owned())
            .await
            .map_err(|_elapsed| BlockingError::Busy)?
            .map_err(|_closed| BlockingError::Failed)?;
        let working = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        tokio::time::timeout(deadline, working)
            .await
            .map_err(|_elapsed| BlockingError::Late)?
            .map_err(|_panic_or_shutdown| BlockingError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_waits_for_a_place_until_its_timeout() {
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
    async fn a_caller_leaves_late_work_which_keeps_its_place() {
        let pool = BlockingPool::new(1, Duration::from_millis(20));
        let (release, held) = mpsc::channel::<()>();
        let late = pool.run_within(Duration::from_millis(1), move || held.recv());
        assert_eq!(late.await, Err(BlockingError::Late));
        assert_eq!(pool.run(|| ()).await, Err(BlockingError::Busy));
        release.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_the_place_back() {
        let pool = BlockingPool::new(1, Duration::from_secs(5));
        let panicked = pool.run(|| panic!("on purpose")).await;
        assert_eq!(panicked, Err(BlockingError::Failed));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }
}
