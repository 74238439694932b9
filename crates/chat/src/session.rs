//! One person's connection: the rules ([`state`]), what waits to be sent ([`outbox`]), and the actor
//! that carries them out ([`actor`]).

pub(crate) mod actor;
pub(crate) mod outbox;
pub(crate) mod state;

pub(crate) use actor::{ChatSession, Wake};
pub(crate) use outbox::Outbox;
