//! Bounded queue for password hashing, fair between client networks.
//!
//! Hashing occupies a core, so it is what a flood of logins can exhaust. A network has at most
//! [`PER_NETWORK`] hashes queued or running; its further requests wait for their turn outside the queue. The
//! queue itself holds about [`MAX_WORK`] of work (load shedding).

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use abu_domain::platform::network::Network;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::platform::blocking::BlockingError;

const PER_NETWORK: usize = 2;

const MAX_WORK: Duration = Duration::from_secs(4);

/// The estimate of a hash's duration before the first one ended.
const FIRST_ESTIMATE: Duration = Duration::from_millis(250);

/// Weight of the past in the running average.
const PAST: u32 = 7;

#[derive(Clone)]
pub struct HashingQueue(Arc<Queue>);

struct Queue {
    /// Hashes that run at once.
    places: usize,
    by_network: bool,
    /// How long a request waits for its turn, and how much work is queued.
    max_work: Duration,
    free: Arc<Semaphore>,
    networks: Mutex<HashMap<Network, Lane>>,
    load: Mutex<Load>,
}

/// The turns of one network. It exists while a request of the network holds or awaits one.
struct Lane {
    turns: Arc<Semaphore>,
    requests: usize,
}

struct Load {
    /// Hashes queued or running.
    jobs: usize,
    /// The running average of a hash's duration.
    average: Duration,
}

impl HashingQueue {
    /// At most `places` hashes run at once. `by_network` bounds those of each network.
    pub fn new(places: usize, by_network: bool) -> Self {
        Self::bounded(places, by_network, MAX_WORK)
    }

    fn bounded(places: usize, by_network: bool, max_work: Duration) -> Self {
        let places = places.max(1);
        Self(Arc::new(Queue {
            places,
            by_network,
            max_work,
            free: Arc::new(Semaphore::new(places)),
            networks: Mutex::default(),
            load: Mutex::new(Load {
                jobs: 0,
                average: FIRST_ESTIMATE,
            }),
        }))
    }

    /// Waits until the network has fewer than its hashes queued or running.
    ///
    /// # Errors
    /// [`BlockingError::Busy`] where others of the network kept it waiting too long.
    pub async fn turn(&self, network: Option<Network>) -> Result<Turn, BlockingError> {
        let Some(network) = network.filter(|_| self.0.by_network) else {
            return Ok(Turn(Arc::default()));
        };
        let request = Request::new(&self.0, network);
        let permit = timeout(self.0.max_work, Arc::clone(&request.turns).acquire_owned())
            .await
            .map_err(|_elapsed| BlockingError::Busy)?
            .map_err(|_closed| BlockingError::Failed)?;
        Ok(Turn(Arc::new(Some((permit, request)))))
    }

    /// Runs a hash in its network's turn. It runs to its end, and keeps the turn, even if its caller
    /// drops the future.
    ///
    /// # Errors
    /// [`BlockingError::Busy`] where the queue is full.
    pub async fn run<T: Send + 'static>(
        &self,
        turn: &Turn,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BlockingError> {
        let (turn, job) = (turn.clone(), Job::enqueue(&self.0)?);
        let place = Arc::clone(&self.0.free).acquire_owned().await;
        let place = place.map_err(|_closed| BlockingError::Failed)?;
        tokio::task::spawn_blocking(move || {
            let _held = (turn, place);
            let started = Instant::now();
            let result = work();
            job.took(started.elapsed());
            result
        })
        .await
        .map_err(|_panic_or_shutdown| BlockingError::Failed)
    }
}

/// One of a network's places in the queue.
#[derive(Clone)]
pub struct Turn(
    #[expect(dead_code, reason = "held for its drop")] Arc<Option<(OwnedSemaphorePermit, Request)>>,
);

/// A request that holds or awaits a turn.
struct Request {
    queue: Arc<Queue>,
    network: Network,
    turns: Arc<Semaphore>,
}

impl Request {
    fn new(queue: &Arc<Queue>, network: Network) -> Self {
        let mut networks = queue.networks.lock();
        let lane = networks.entry(network).or_insert_with(|| Lane {
            turns: Arc::new(Semaphore::new(PER_NETWORK)),
            requests: 0,
        });
        lane.requests += 1;
        Self {
            queue: Arc::clone(queue),
            network,
            turns: Arc::clone(&lane.turns),
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut networks = self.queue.networks.lock();
        if let Some(lane) = networks.get_mut(&self.network) {
            lane.requests -= 1;
            if lane.requests == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

/// A hash that is queued or running.
struct Job(Arc<Queue>);

impl Job {
    fn enqueue(queue: &Arc<Queue>) -> Result<Self, BlockingError> {
        let mut load = queue.load.lock();
        let ahead = load.average * u32::try_from(load.jobs / queue.places).unwrap_or(u32::MAX);
        if ahead > queue.max_work {
            return Err(BlockingError::Busy);
        }
        load.jobs += 1;
        Ok(Self(Arc::clone(queue)))
    }

    fn took(&self, time: Duration) {
        let mut load = self.0.load.lock();
        load.average = (load.average * PAST + time) / (PAST + 1);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.0.load.lock().jobs -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        pin::Pin,
        sync::mpsc,
        task::{Context, Waker},
    };

    use tokio::task::JoinHandle;

    use super::*;

    fn network(number: u8) -> Option<Network> {
        Some(Network::of(Ipv4Addr::new(192, 0, number, 1).into()))
    }

    fn is_pending<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        future.as_mut().poll(&mut context).is_pending()
    }

    /// A hash that runs until it is released.
    struct Running {
        release: mpsc::Sender<()>,
        task: JoinHandle<Result<(), BlockingError>>,
    }

    async fn running(queue: &HashingQueue, network: Option<Network>) -> Running {
        let (release, held) = mpsc::channel();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (turn, queue) = (queue.turn(network).await.unwrap(), queue.clone());
        let task = tokio::spawn(async move {
            let work = move || {
                let _ = started.send(());
                let _ = held.recv();
            };
            queue.run(&turn, work).await
        });
        has_started.await.unwrap();
        Running { release, task }
    }

    #[tokio::test]
    async fn a_network_has_two_hashes_at_once_and_others_do_not_wait_for_it() {
        let queue = HashingQueue::new(4, true);
        let [first, second] = [
            running(&queue, network(1)).await,
            running(&queue, network(1)).await,
        ];
        let mut third = Box::pin(queue.turn(network(1)));
        assert!(is_pending(&mut third));
        running(&queue, network(2)).await.release.send(()).unwrap();
        // The turn belongs to the hash, not to its caller.
        first.task.abort();
        assert!(first.task.await.is_err_and(|error| error.is_cancelled()));
        assert!(is_pending(&mut third));
        first.release.send(()).unwrap();
        third.await.unwrap();
        second.release.send(()).unwrap();
        second.task.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_request_waits_for_its_networks_turn_for_a_bounded_time() {
        let queue = HashingQueue::bounded(4, true, Duration::from_millis(20));
        let _held = [
            queue.turn(network(1)).await.unwrap(),
            queue.turn(network(1)).await.unwrap(),
        ];
        let refused = queue.turn(network(1)).await;
        assert_eq!(refused.err(), Some(BlockingError::Busy));
        assert!(queue.turn(None).await.is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_takes_more_when_it_has_drained() {
        let queue = HashingQueue::new(1, true);
        queue.0.load.lock().average = Duration::from_secs(1);
        let first = running(&queue, None).await;
        let none = queue.turn(None).await.unwrap();
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(queue.run(&none, || ()))).collect();
        for waiting in &mut waiting {
            assert!(is_pending(waiting));
        }
        assert_eq!(queue.run(&none, || ()).await, Err(BlockingError::Busy));
        first.release.send(()).unwrap();
        for waiting in waiting {
            waiting.await.unwrap();
        }
        assert_eq!(queue.run(&none, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_network_without_requests() {
        let queue = HashingQueue::new(1, true);
        let turn = queue.turn(network(1)).await.unwrap();
        assert_eq!(queue.run(&turn, || 7).await, Ok(7));
        assert_eq!(queue.0.networks.lock().len(), 1);
        drop(turn);
        assert_eq!(queue.0.networks.lock().len(), 0);
        assert_eq!(queue.0.load.lock().jobs, 0);
    }

    #[tokio::test]
    async fn the_estimate_follows_what_hashes_take() {
        let queue = HashingQueue::new(1, true);
        let turn = queue.turn(None).await.unwrap();
        for _ in 0..40 {
            queue.run(&turn, || ()).await.unwrap();
        }
        assert!(queue.0.load.lock().average < FIRST_ESTIMATE / 10);
    }
}
