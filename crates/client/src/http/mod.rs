//! HTTP access to the server: base URL, TCP and TLS transport, REST calls.

mod address;
mod rest;
mod transport;

pub(crate) use address::Address;
pub(crate) use rest::{AGENT, Answer, Call, Rest, problem_of};
pub(crate) use transport::{Stream, Transport, Trust};
