//! The open connections by kind.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
};

use tokio::sync::oneshot;

use super::state::State;

#[derive(Default)]
pub(super) struct Registry {
    last_id: u64,
    unauthenticated: BTreeMap<(IpAddr, u64), Arc<State>>,
    authenticated: HashMap<u64, Arc<State>>,
    chats: HashMap<u64, Arc<State>>,
    /// Places that handshakes hold.
    opening: usize,
}

impl Registry {
    pub(super) fn add(&mut self, address: IpAddr, now: u64) -> (Arc<State>, oneshot::Receiver<()>) {
        self.last_id += 1;
        let (end, ended) = oneshot::channel();
        let state = Arc::new(State::new(self.last_id, address, now, end));
        let place = (address, state.id);
        self.unauthenticated.insert(place, Arc::clone(&state));
        (state, ended)
    }

    pub(super) fn limit_unauthenticated(&mut self, address: IpAddr, most: usize) {
        let of_address = (address, 0)..=(address, u64::MAX);
        let open = self.unauthenticated.range(of_address.clone());
        if open.clone().count() > most {
            let others = open
                .map(|(_, state)| state)
                .filter(|state| state.id != self.last_id);
            let idlest = idlest(others);
            self.end_option(idlest);
        }
    }

    pub(super) fn limit_total(&mut self, most: usize) {
        let open = self.unauthenticated.len() + self.authenticated.len() + self.chats.len();
        if open > most {
            let other = idlest(self.others_than_the_newest());
            let authenticated = idlest(self.authenticated.values());
            let ending = match (other, authenticated) {
                // A request in flight outlasts every idle connection.
                (Some(other), Some(known)) if other.is_serving() && !known.is_serving() => {
                    Some(known)
                }
                (other, known) => other.or(known),
            };
            self.end_option(ending);
        }
    }

    /// The connection that is being registered may well be the only one that is not authenticated.
    fn others_than_the_newest(&self) -> impl Iterator<Item = &Arc<State>> {
        let all = self.unauthenticated.values();
        all.filter(|state| state.id != self.last_id)
    }

    pub(super) fn end_where(&mut self, must_end: impl Fn(&State) -> bool) {
        let open = self
            .unauthenticated
            .values()
            .chain(self.authenticated.values());
        let ending: Vec<_> = open.filter(|state| must_end(state)).cloned().collect();
        for state in ending {
            self.end(&state);
        }
    }

    pub(super) fn end_silent(&mut self) {
        self.end_where(State::is_silent);
    }

    pub(super) fn authenticated(&mut self, state: &Arc<State>) {
        if let Some(state) = self.unauthenticated.remove(&(state.address, state.id)) {
            self.authenticated.insert(state.id, state);
        }
    }

    /// Places that chats and handshakes hold.
    pub(super) fn chat_places(&self) -> usize {
        self.chats.len() + self.opening
    }

    /// Whether fewer than `most` were taken.
    pub(super) fn take_chat_place(&mut self, most: usize) -> bool {
        let is_free = self.chat_places() < most;
        self.opening += usize::from(is_free);
        is_free
    }

    pub(super) fn free_chat_place(&mut self) {
        self.opening -= 1;
    }

    /// The place that its handshake took becomes the connection's.
    pub(super) fn upgraded(&mut self, state: &Arc<State>) {
        self.free_chat_place();
        if self.remove(state) {
            self.chats.insert(state.id, Arc::clone(state));
        }
    }

    pub(super) fn end(&mut self, state: &State) {
        self.remove(state);
        state.end();
    }

    /// Whether it was still registered.
    pub(super) fn remove(&mut self, state: &State) -> bool {
        let unauthenticated = self.unauthenticated.remove(&(state.address, state.id));
        unauthenticated.is_some()
            || self.authenticated.remove(&state.id).is_some()
            || self.chats.remove(&state.id).is_some()
    }

    fn end_option(&mut self, state: Option<Arc<State>>) {
        if let Some(state) = state {
            self.end(&state);
        }
    }
}

fn idlest<'a>(open: impl Iterator<Item = &'a Arc<State>>) -> Option<Arc<State>> {
    open.min_by_key(|state| state.idleness()).cloned()
}
