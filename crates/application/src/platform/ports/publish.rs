use std::{
    future::{Future, ready},
    pin::Pin,
};

/// Ends when every connection of this process that the event concerns goes by it: what is sent
/// afterwards is sent to the room, and by the rights, as they are after the event.
pub type Applied = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Publishes what a commit made true.
///
/// The caller has committed, and is on a thread that may block. The subscribers apply the event whether
/// or not the caller awaits [`Applied`].
pub trait Publish<E>: Send + Sync + 'static {
    fn publish(&self, event: E) -> Applied;
}

/// The publisher of a process that has no subscribers, such as `abu-admin`. A server that runs in another
/// process finds out by its own watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSubscribers;

impl<E> Publish<E> for NoSubscribers {
    fn publish(&self, _event: E) -> Applied {
        Box::pin(ready(()))
    }
}
