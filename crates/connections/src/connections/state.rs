//! What one connection is doing. Its worker thread writes, the registry reads.

use std::{
    net::IpAddr,
    sync::atomic::{
        AtomicBool, AtomicU8, AtomicU64,
        Ordering::{AcqRel, Relaxed, Release},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Milliseconds since the start, so that a moment fits an atomic. Zero stands for none.
pub(super) struct Elapsed(Instant);

impl Elapsed {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(&self) -> u64 {
        // It wraps after 584 million years.
        self.0.elapsed().as_millis() as u64 + 1
    }
}

const NEVER: u64 = 0;

/// The least rate of an upload: 4 KB/s over each half minute.
const UPLOAD_WINDOW: u64 = 30_000;
const UPLOAD_WINDOW_BYTES: u64 = 30 * 4 * 1024;

const UNAUTHENTICATED: u8 = 0;
const AUTHENTICATED: u8 = 1;
const CHAT: u8 = 2;

pub(super) struct State {
    pub(super) id: u64,
    pub(super) address: IpAddr,
    kind: AtomicU8,
    last_active: AtomicU64,
    has_sent: AtomicBool,
    /// Since when a request is incomplete.
    receiving_since: AtomicU64,
    /// Since when the bytes of an upload are counted.
    uploading_since: AtomicU64,
    uploaded_bytes: AtomicU64,
    /// Since when the socket takes no more bytes.
    blocked_since: AtomicU64,
    in_flight: AtomicBool,
    /// Bytes of the next request came while one was in flight.
    early_bytes: AtomicBool,
    /// The last response was sent before its request was complete.
    left_unread: AtomicBool,
    end: Mutex<Option<oneshot::Sender<()>>>,
}

impl State {
    pub(super) fn new(id: u64, address: IpAddr, now: u64, end: oneshot::Sender<()>) -> Self {
        Self {
            id,
            address,
            kind: AtomicU8::new(UNAUTHENTICATED),
            last_active: AtomicU64::new(now),
            has_sent: AtomicBool::new(false),
            receiving_since: AtomicU64::new(NEVER),
            uploading_since: AtomicU64::new(NEVER),
            uploaded_bytes: AtomicU64::new(0),
            blocked_since: AtomicU64::new(NEVER),
            in_flight: AtomicBool::new(false),
            early_bytes: AtomicBool::new(false),
            left_unread: AtomicBool::new(false),
            end: Mutex::new(Some(end)),
        }
    }

    pub(super) fn received(&self, bytes: u64, now: u64) {
        self.last_active.store(now, Relaxed);
        self.has_sent.store(true, Relaxed);
        if self.is_uploading() {
            self.uploaded_bytes.fetch_add(bytes, Relaxed);
            return;
        }
        if self.receiving_since.load(Relaxed) == NEVER {
            match self.in_flight.load(Relaxed) {
                true => self.early_bytes.store(true, Relaxed),
                false => self.receiving_since.store(now, Relaxed),
            }
        }
    }

    pub(super) fn sent(&self, blocked: bool, now: impl Fn() -> u64) {
        match (blocked, self.blocked_since.load(Relaxed)) {
            (true, NEVER) => self.blocked_since.store(now(), Relaxed),
            (true, _) | (false, NEVER) => {}
            (false, _) => {
                self.blocked_since.store(NEVER, Relaxed);
                self.last_active.store(now(), Relaxed);
            }
        }
    }

    pub(super) fn begin(&self, has_body: bool, now: u64) {
        self.in_flight.store(true, Relaxed);
        self.early_bytes.store(false, Relaxed);
        let stale = self.left_unread.swap(false, Relaxed);
        let since = match (has_body, self.receiving_since.load(Relaxed)) {
            (false, _) => NEVER,
            (true, since) if stale || since == NEVER => now,
            (true, since) => since,
        };
        self.receiving_since.store(since, Relaxed);
    }

    /// The body may take long, but must come at the least rate of an upload.
    pub(super) fn begin_upload(&self, now: u64) {
        self.uploaded_bytes.store(0, Relaxed);
        self.uploading_since.store(now, Relaxed);
        self.receiving_since.store(NEVER, Relaxed);
    }

    fn is_uploading(&self) -> bool {
        self.uploading_since.load(Relaxed) != NEVER
    }

    /// Judges each window once it is over, and begins the next one.
    fn uploads_too_slowly(&self, now: u64) -> bool {
        let since = self.uploading_since.load(Relaxed);
        if since == NEVER || now.saturating_sub(since) < UPLOAD_WINDOW {
            return false;
        }
        // The upload may have ended meanwhile.
        let next = self
            .uploading_since
            .compare_exchange(since, now, AcqRel, Relaxed);
        next.is_ok() && self.uploaded_bytes.swap(0, Relaxed) < UPLOAD_WINDOW_BYTES
    }

    pub(super) fn body_is_complete(&self) {
        self.receiving_since.store(NEVER, Relaxed);
        self.uploading_since.store(NEVER, Relaxed);
    }

    pub(super) fn answered(&self, now: u64) {
        self.last_active.store(now, Relaxed);
        self.in_flight.store(false, Relaxed);
        // An upload that was refused: the rest of its body has a usual deadline.
        if self.uploading_since.swap(NEVER, Relaxed) != NEVER {
            self.receiving_since.store(now, Relaxed);
        }
        if self.receiving_since.load(Relaxed) != NEVER {
            self.left_unread.store(true, Relaxed);
        } else if self.early_bytes.swap(false, Relaxed) {
            self.receiving_since.store(now, Relaxed);
        }
    }

    /// Whether it was unauthenticated before.
    pub(super) fn authenticate(&self) -> bool {
        self.kind
            .compare_exchange(UNAUTHENTICATED, AUTHENTICATED, AcqRel, Relaxed)
            .is_ok()
    }

    pub(super) fn upgrade_to_chat(&self) {
        self.body_is_complete();
        self.kind.store(CHAT, Release);
    }

    pub(super) fn carries_chat(&self) -> bool {
        self.kind.load(Relaxed) == CHAT
    }

    pub(super) fn is_silent(&self) -> bool {
        !self.has_sent.load(Relaxed)
    }

    /// Orders connections by idleness: those that serve a complete request come last.
    pub(super) fn idleness(&self) -> (bool, u64) {
        (self.is_serving(), self.last_active.load(Relaxed))
    }

    /// Whether a complete request is being answered. A peer that does not read its answer is not served.
    pub(super) fn is_serving(&self) -> bool {
        let is_complete = self.receiving_since.load(Relaxed) == NEVER;
        let is_read = self.blocked_since.load(Relaxed) == NEVER;
        self.in_flight.load(Relaxed) && is_complete && is_read && !self.is_uploading()
    }

    pub(super) fn is_overdue(
        &self,
        now: u64,
        receiving: Duration,
        sending: Option<Duration>,
    ) -> bool {
        let longer_than = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Relaxed);
            since != NEVER && u128::from(now.saturating_sub(since)) >= limit.as_millis()
        };
        longer_than(&self.receiving_since, receiving)
            || self.uploads_too_slowly(now)
            || sending.is_some_and(|limit| longer_than(&self.blocked_since, limit))
    }

    pub(super) fn end(&self) {
        // The listener may have dropped the connection by itself.
        let _ = self.end.lock().take().map(|end| end.send(()));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);

    fn state() -> State {
        State::new(1, Ipv4Addr::LOCALHOST.into(), 1, oneshot::channel().0)
    }

    /// Whether the request that is being received ends at this moment, and not before.
    fn ends_at(state: &State, moment: u64) -> bool {
        !state.is_overdue(moment - 1, LIMIT, None) && state.is_overdue(moment, LIMIT, None)
    }

    fn never_ends(state: &State) -> bool {
        !state.is_overdue(u64::MAX, LIMIT, None)
    }

    #[test]
    fn one_deadline_holds_for_head_and_body_together() {
        let state = state();
        assert!(never_ends(&state));
        state.received(1, 50);
        assert!(ends_at(&state, 150));
        state.begin(true, 90);
        state.received(1, 120);
        assert!(ends_at(&state, 150));
        state.body_is_complete();
        assert!(never_ends(&state));
    }

    #[test]
    fn a_later_request_has_a_deadline_of_its_own() {
        let state = state();
        state.received(1, 50);
        state.begin(false, 60);
        assert!(never_ends(&state));
        state.answered(500);
        assert!(never_ends(&state));
        state.received(1, 900);
        assert!(ends_at(&state, 1_000));
    }

    #[test]
    fn bytes_that_came_during_a_request_count_once_it_is_answered() {
        let state = state();
        state.received(1, 50);
        state.begin(false, 60);
        state.received(1, 70);
        assert!(never_ends(&state));
        state.answered(500);
        assert!(ends_at(&state, 600));
        state.begin(true, 510);
        assert!(ends_at(&state, 600));
    }

    #[test]
    fn a_body_left_unread_keeps_its_deadline_and_the_next_request_has_another() {
        let state = state();
        state.received(1, 50);
        state.begin(true, 60);
        state.answered(70);
        assert!(ends_at(&state, 150));
        state.begin(true, 140);
        assert!(ends_at(&state, 240));
    }

    #[test]
    fn a_blocked_peer_counts_from_its_first_block_until_it_reads() {
        let state = state();
        let overdue = |moment| state.is_overdue(moment, LIMIT, Some(LIMIT));
        state.sent(true, || 50);
        state.sent(true, || 120);
        assert!(!overdue(149) && overdue(150));
        state.sent(false, || 160);
        assert!(!overdue(1_000));
    }

    #[test]
    fn an_upload_lasts_while_its_bytes_come_at_the_least_rate() {
        let state = state();
        state.received(100, 50);
        state.begin(true, 60);
        state.begin_upload(70);
        for window in 1..5 {
            state.received(UPLOAD_WINDOW_BYTES, window * UPLOAD_WINDOW);
            assert!(!state.is_overdue(70 + window * UPLOAD_WINDOW, LIMIT, None));
        }
        state.received(UPLOAD_WINDOW_BYTES - 1, 5 * UPLOAD_WINDOW);
        let end = 70 + 5 * UPLOAD_WINDOW;
        assert!(!state.is_overdue(end - 1, LIMIT, None));
        assert!(state.is_overdue(end, LIMIT, None));
    }

    #[test]
    fn what_follows_an_upload_has_a_usual_deadline() {
        let (whole, refused) = (state(), state());
        for state in [&whole, &refused] {
            state.received(100, 50);
            state.begin(true, 60);
            state.begin_upload(70);
            assert!(!state.is_serving());
        }
        whole.body_is_complete();
        whole.answered(500);
        assert!(never_ends(&whole));
        refused.answered(500);
        assert!(ends_at(&refused, 600));
    }

    #[test]
    fn a_chat_has_no_deadline() {
        let state = state();
        state.received(1, 50);
        state.begin(true, 60);
        state.upgrade_to_chat();
        assert!(never_ends(&state));
    }
}
