#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod capacity;
mod client_address;
mod connections;
pub mod fd_limit;
mod io;
mod listener;
mod request_body;

pub use client_address::{ClientAddress, TrustedProxies};
pub use connections::{Connection, Connections, InFlight, NoRoomForChat};
pub use listener::{Listener, ListenerSettings, listen};
pub use request_body::{BodyBudget, BodyError, whole_body};
