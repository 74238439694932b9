//! One person's connection: the rules ([`state`], and [`requests`] for what each packet asks for), what
//! arrives ([`reader`]), what waits to be sent ([`outbox`]), and the actor that carries the rules out
//! ([`actor`]).

pub(crate) mod actor;
pub(crate) mod decoder;
pub(crate) mod outbox;
pub(crate) mod reader;
mod requests;
pub(crate) mod socket;
pub(crate) mod state;
mod traffic;

pub(crate) use actor::{ChatSession, Wake};
pub use outbox::HTTP_WRITE_BUFFER;
pub(crate) use outbox::{Delivery, Outbox, StateKey};
pub(crate) use reader::Reader;
use traffic::Traffic;
