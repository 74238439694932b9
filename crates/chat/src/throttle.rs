//! Rate-limited broadcast of states, as plain data: above the rate they are coalesced, and the last one wins.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    hash::Hash,
    time::{Duration, Instant},
};

use abu_application::platform::token_bucket::Rate;

/// The broadcast state of each key `K`, and the state `S` that is to be broadcast once its token bucket allows
/// that. `P` is what a broadcast needs besides, as of the last change.
///
/// A key is forgotten when its bucket is full and nothing waits.
#[derive(Debug)]
pub(crate) struct Throttle<K, S, P> {
    /// `None` for no rate of its own.
    rate: Option<Rate>,
    keys: HashMap<K, Known<S, P>>,
    /// One for each key.
    timers: BTreeSet<(Instant, K)>,
}

#[derive(Debug)]
struct Known<S, P> {
    sent: S,
    wanted: S,
    payload: P,
    full_at: Instant,
    /// `wanted` waits for the timer; otherwise the timer forgets the key.
    waits: bool,
    timer: Instant,
}

impl<K, S, P> Throttle<K, S, P>
where
    K: Copy + Eq + Hash + Ord,
    S: Clone + PartialEq,
    P: Clone,
{
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            keys: HashMap::new(),
            timers: BTreeSet::new(),
        }
    }

    /// The key is in another state than `before`. Returns whether to broadcast it now; otherwise
    /// [`due`](Self::due) returns the last state, unless it was broadcast before.
    pub(crate) fn change(
        &mut self,
        key: K,
        before: S,
        wanted: S,
        payload: P,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> bool {
        let known = self.know(key, before, payload, now);
        known.wanted = wanted;
        let is_sent = known.sent == known.wanted;
        match (known.waits, is_sent) {
            (true, true) => {
                known.waits = false;
                let full_at = known.full_at;
                self.set_timer(key, full_at);
                false
            }
            (false, true) => false,
            // One that waits may have waited for the budget of another user.
            (_, false) => self.attempt(key, now, allowed),
        }
    }

    /// The key is in its state still. Returns whether to broadcast that again.
    pub(crate) fn renew(
        &mut self,
        key: K,
        state: S,
        payload: P,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> bool {
        let known = self.know(key, state, payload, now);
        if known.waits {
            return false;
        }
        let is_sent = self.attempt(key, now, allowed);
        if !is_sent && let Some(known) = self.keys.get_mut(&key) {
            // Nothing is new, so nothing waits.
            known.waits = false;
            let full_at = known.full_at;
            self.set_timer(key, full_at);
        }
        is_sent
    }

    /// Whether a state of the key waits.
    pub(crate) fn is_waiting(&self, key: &K) -> bool {
        self.keys.get(key).is_some_and(|known| known.waits)
    }

    /// Whether [`due`](Self::due) has something to do.
    pub(crate) fn has_due(&self, now: Instant) -> bool {
        self.timers.first().is_some_and(|(at, _)| *at <= now)
    }

    /// The states to broadcast now, so many timers' at most. Forgets what rests.
    pub(crate) fn due(
        &mut self,
        now: Instant,
        timers: usize,
        allowed: impl Fn(&K, &P) -> Result<(), Duration>,
    ) -> Vec<(K, S, P)> {
        let mut sent = Vec::new();
        for _ in 0..timers {
            if !self.has_due(now) {
                break;
            }
            let Some((_, key)) = self.timers.pop_first() else {
                break;
            };
            let waiting = self.keys.get(&key).filter(|known| known.waits);
            let Some(payload) = waiting.map(|known| known.payload.clone()) else {
                self.keys.remove(&key);
                continue;
            };
            if self.attempt(key, now, || allowed(&key, &payload))
                && let Some(known) = self.keys.get(&key)
            {
                sent.push((key, known.wanted.clone(), payload));
            }
        }
        sent
    }

    fn know(&mut self, key: K, before: S, payload: P, now: Instant) -> &mut Known<S, P> {
        match self.keys.entry(key) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.payload = payload;
                known
            }
            Entry::Vacant(place) => {
                self.timers.insert((now, key));
                place.insert(Known {
                    sent: before.clone(),
                    wanted: before,
                    payload,
                    full_at: now,
                    waits: false,
                    timer: now,
                })
            }
        }
    }

    /// Takes a token for the wanted state, or has it wait for one.
    fn attempt(
        &mut self,
        key: K,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> bool {
        let Some(known) = self.keys.get_mut(&key) else {
            return false;
        };
        let mut full_at = known.full_at;
        let taken = self
            .rate
            .map_or(Ok(()), |rate| rate.take(&mut full_at, now).map(drop))
            .and_then(|()| allowed());
        let (is_sent, timer) = match taken {
            Ok(()) => {
                known.sent = known.wanted.clone();
                known.full_at = full_at;
                (true, full_at)
            }
            Err(wait) => (false, now + wait),
        };
        known.waits = !is_sent;
        self.set_timer(key, timer);
        is_sent
    }

    fn set_timer(&mut self, key: K, at: Instant) {
        if let Some(known) = self.keys.get_mut(&key) {
            self.timers.remove(&(known.timer, key));
            known.timer = at;
            self.timers.insert((at, key));
        }
    }
}

/// The turns of changes whose content the caller keeps: each change of a key is new, and counts as a state of its
/// own. `P` is what the caller needs at the key's turn, as of its last change.
#[derive(Debug)]
pub(crate) struct Turns<K, P> {
    throttle: Throttle<K, u64, P>,
    changes: u64,
}

impl<K, P> Turns<K, P>
where
    K: Copy + Eq + Hash + Ord,
    P: Clone,
{
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            throttle: Throttle::new(rate),
            changes: 0,
        }
    }

    /// Whether it is the key's turn now; otherwise [`due`](Self::due) returns the key.
    pub(crate) fn take(
        &mut self,
        key: K,
        payload: P,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> bool {
        let before = self.changes;
        self.changes += 1;
        let (throttle, change) = (&mut self.throttle, self.changes);
        throttle.change(key, before, change, payload, now, allowed)
    }

    pub(crate) fn is_waiting(&self, key: &K) -> bool {
        self.throttle.is_waiting(key)
    }

    pub(crate) fn has_due(&self, now: Instant) -> bool {
        self.throttle.has_due(now)
    }

    /// The keys whose turn has come; see [`Throttle::due`].
    pub(crate) fn due(
        &mut self,
        now: Instant,
        timers: usize,
        allowed: impl Fn(&K, &P) -> Result<(), Duration>,
    ) -> impl Iterator<Item = (K, P)> {
        let due = self.throttle.due(now, timers, allowed).into_iter();
        due.map(|(key, _, payload)| (key, payload))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Four at once, then one in 3 s.
    fn throttle() -> Throttle<u8, bool, ()> {
        let burst = NonZeroU32::new(4).unwrap();
        Throttle::new(Some(Rate::new(burst, 12 * SECOND)))
    }

    proptest! {
        #[test]
        fn listeners_end_with_the_last_state_and_hear_no_more_than_the_rate(
            changes in proptest::collection::vec((0_u64..2_000, any::<bool>(), any::<bool>()), 1..120),
        ) {
            let start = Instant::now();
            let (mut throttle, mut now) = (throttle(), start);
            let (mut state, mut sent) = (false, false);
            let mut notices: Vec<Instant> = Vec::new();
            for (pause, wanted, is_refused) in changes {
                now += Duration::from_millis(pause);
                let refusal = || if is_refused { Err(SECOND / 10) } else { Ok(()) };
                for (_, due, ()) in throttle.due(now, 9, |_, ()| refusal()) {
                    prop_assert_ne!(sent, due, "nothing new");
                    sent = due;
                    notices.push(now);
                }
                let is_sent = match wanted == state {
                    true if state => throttle.renew(0, state, (), now, refusal),
                    true => false,
                    false => throttle.change(0, state, wanted, (), now, refusal),
                };
                state = wanted;
                if is_sent {
                    sent = state;
                    notices.push(now);
                }
                if !throttle.is_waiting(&0) {
                    prop_assert_eq!(sent, state);
                }
            }
            for _ in 0..9 {
                now += 3 * SECOND;
                for (_, due, ()) in throttle.due(now, 9, |_, ()| Ok(())) {
                    sent = due;
                    notices.push(now);
                }
            }
            prop_assert_eq!(sent, state);
            prop_assert!(throttle.keys.is_empty() && throttle.timers.is_empty(), "it forgets");
            for (index, first) in notices.iter().enumerate() {
                for (more, last) in notices[index..].iter().enumerate() {
                    let seconds = (*last - *first).as_secs_f64();
                    prop_assert!(more as f64 <= 3.0 + seconds / 3.0 + 1e-6);
                }
            }
        }
    }

    #[test]
    fn a_change_back_before_its_turn_leaves_nothing_to_send() {
        let (mut throttle, now) = (throttle(), Instant::now());
        for turn in 0..4 {
            let wanted = turn % 2 == 0;
            assert!(throttle.change(0, !wanted, wanted, (), now, || Ok(())));
        }
        assert!(!throttle.change(0, false, true, (), now, || Ok(())));
        assert!(throttle.is_waiting(&0));
        assert!(!throttle.change(0, true, false, (), now, || Ok(())));
        assert!(!throttle.is_waiting(&0));
        assert_eq!(throttle.due(now + 60 * SECOND, 9, |_, ()| Ok(())), []);
    }

    #[test]
    fn one_key_does_not_slow_another_down() {
        let (mut throttle, now) = (throttle(), Instant::now());
        for key in 0..100 {
            assert!(throttle.change(key, false, true, (), now, || Ok(())));
        }
    }
}
