use std::{
    future::{Future, ready},
    pin::Pin,
};

/// Completes when all affected connections of this process have applied the event. A later
/// broadcast uses the memberships and rights after it.
pub type Applied = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Event publisher.
///
/// Call it after the commit, from a thread that may block. The subscribers apply the event whether
/// or not the caller awaits [`Applied`].
pub trait Publish<E>: Send + Sync + 'static {
    fn publish(&self, event: E) -> Applied;
}

/// The publisher of a process without subscribers, such as `abu-admin`. A server in another process
/// detects the change by its own watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSubscribers;

impl<E> Publish<E> for NoSubscribers {
    fn publish(&self, _event: E) -> Applied {
        Box::pin(ready(()))
    }
}
