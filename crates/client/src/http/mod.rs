//! The way to the server: where it is, how a connection to it is made, and the few requests of the
//! REST API that the chat needs.

mod address;
mod rest;
mod transport;

pub(crate) use address::Address;
pub(crate) use rest::{AGENT, Answer, Call, Rest, problem_of};
pub(crate) use transport::{Stream, Transport, Trust};
