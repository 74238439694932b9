use std::{future::ready, mem, sync::Mutex};

use abu_application::{
    identity::events::IdentityEvent,
    messaging::{
        events::Event,
        messages::Changed,
        ports::{EventBus, Presence, Publication},
    },
    platform::ports::{Applied, Publish},
};
use abu_domain::{LoginSessionId, RoomId, UserId};

/// An event that concerns live connections, other than those of messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LiveCall {
    AccountSuspended(UserId),
    SessionsEnded(UserId, Vec<LoginSessionId>),
    MembershipChanged(RoomId, Vec<UserId>, UserId),
    RolesChanged(RoomId, Vec<UserId>, Option<UserId>),
    UsersInvited(RoomId, Vec<UserId>, UserId),
    RoomStateChanged(RoomId, UserId),
    RoomRenamed(RoomId, UserId),
}

/// Records the events. No client is connected.
#[derive(Default)]
pub(crate) struct LiveCalls(Mutex<Vec<LiveCall>>, Mutex<Vec<Changed>>);

impl LiveCalls {
    /// The events since the last call.
    pub(crate) fn take(&self) -> Vec<LiveCall> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// The changes of messages since the last call.
    pub(crate) fn take_changed(&self) -> Vec<Changed> {
        mem::take(&mut self.1.lock().unwrap())
    }

    fn record(&self, call: LiveCall) {
        self.0.lock().unwrap().push(call);
    }
}

impl From<IdentityEvent> for LiveCall {
    fn from(event: IdentityEvent) -> Self {
        match event {
            IdentityEvent::AccountSuspended { user } => Self::AccountSuspended(user),
            IdentityEvent::SessionsRevoked { user, sessions } => {
                Self::SessionsEnded(user, sessions)
            }
        }
    }
}

impl Publish<IdentityEvent> for LiveCalls {
    fn publish(&self, event: IdentityEvent) -> Applied {
        self.record(event.into());
        Box::pin(ready(()))
    }
}

impl Publish<Event> for LiveCalls {
    fn publish(&self, event: Event) -> Applied {
        match event {
            Event::MembershipChanged {
                room, users, by, ..
            } => {
                self.record(LiveCall::MembershipChanged(room, users, by));
            }
            Event::RolesChanged { room, roles, by } => {
                let users = roles.into_iter().map(|(user, _)| user).collect();
                self.record(LiveCall::RolesChanged(room, users, by));
            }
            Event::UsersInvited { room, users, by } => {
                self.record(LiveCall::UsersInvited(room, users, by));
            }
            Event::RoomStateChanged { room, by } => {
                self.record(LiveCall::RoomStateChanged(room, by));
            }
            Event::RoomRenamed { room, by } => self.record(LiveCall::RoomRenamed(room, by)),
            Event::Identity(event) => self.record(event.into()),
            Event::MessageStored { .. }
            | Event::MessageChanged(_)
            | Event::ReadMarkMoved { .. }
            | Event::StandingChanged { .. }
            | Event::TypingChanged { .. }
            | Event::PresenceChanged { .. } => {}
        }
        Box::pin(ready(()))
    }
}

impl EventBus for LiveCalls {
    fn publish_batch(&self, publications: Vec<Publication>) {
        let changed = publications
            .into_iter()
            .filter_map(|publication| match publication {
                Publication::Event {
                    event: Event::MessageChanged(changed),
                    ..
                } => Some(changed),
                _ => None,
            });
        self.1.lock().unwrap().extend(changed);
    }
}

impl Presence for LiveCalls {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        vec![false; users.len()]
    }
}
