//! Write-behind of `last_seen_at`: a thread stores the times in batches, so no session waits for the database.

use std::{collections::HashMap, sync::Arc, thread::JoinHandle, time::Duration};

use abu_application::store::Store;
use abu_domain::UserId;
use chrono::{DateTime, Utc};
use parking_lot::{Condvar, Mutex};

/// How often gathered notes are written.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many users one statement notes.
const BATCH: usize = 1_000;

/// The notes, and the thread that writes them.
pub(crate) struct LastSeen {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    notes: Mutex<Notes>,
    changed: Condvar,
    store: Arc<dyn Store>,
}

/// At most one note a user, so what gathers while the database is away is bounded by the users.
#[derive(Default)]
struct Notes {
    seen: HashMap<UserId, DateTime<Utc>>,
    stopping: bool,
}

impl LastSeen {
    pub(crate) fn start(store: Arc<dyn Store>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            notes: Mutex::default(),
            changed: Condvar::new(),
            store,
        });
        let writing = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("chat-last-seen".into())
            .spawn(move || writing.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The user left the chat.
    pub(crate) fn note(&self, user: UserId, at: DateTime<Utc>) {
        self.shared.notes.lock().seen.insert(user, at);
        self.shared.changed.notify_one();
    }

    /// Writes what is left, once, and ends the thread.
    pub(crate) fn stop(&self) {
        self.shared.stop();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// Ends the thread without waiting for it.
impl Drop for LastSeen {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Shared {
    fn stop(&self) {
        self.notes.lock().stopping = true;
        self.changed.notify_one();
    }

    fn run(&self) {
        loop {
            let (seen, stopping) = self.next();
            self.write(seen);
            if stopping {
                return;
            }
            self.rest();
        }
    }

    fn next(&self) -> (HashMap<UserId, DateTime<Utc>>, bool) {
        let mut notes = self.notes.lock();
        while notes.seen.is_empty() && !notes.stopping {
            self.changed.wait(&mut notes);
        }
        (std::mem::take(&mut notes.seen), notes.stopping)
    }

    fn write(&self, seen: HashMap<UserId, DateTime<Utc>>) {
        let seen: Vec<_> = seen.into_iter().collect();
        for batch in seen.chunks(BATCH) {
            if let Err(error) = self.store.transaction(|tx| tx.set_last_seen(batch)) {
                log::debug!("noting who was last seen when: {error}");
                self.keep(batch);
            }
        }
    }

    /// Keeps notes for the next time, unless there are newer ones by now.
    fn keep(&self, batch: &[(UserId, DateTime<Utc>)]) {
        let mut notes = self.notes.lock();
        for (user, at) in batch {
            notes.seen.entry(*user).or_insert(*at);
        }
    }

    /// Lets notes gather.
    fn rest(&self) {
        let deadline = std::time::Instant::now() + INTERVAL;
        let mut notes = self.notes.lock();
        while !notes.stopping {
            if self.changed.wait_until(&mut notes, deadline).timed_out() {
                return;
            }
        }
    }
}
