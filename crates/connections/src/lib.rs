#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod body_budget;
mod capacity;
mod client_address;
mod connections;
pub mod fd_limit;
mod io;
mod listener;
mod request_body;
mod served_body;

pub use body_budget::BodyBudget;
pub use client_address::{ClientAddress, TrustedProxies};
pub use connections::{ChatPlace, Connection, Connections, InFlight, NoRoomForChat};
pub use listener::{Listener, ListenerSettings, bind, prepare};
pub use request_body::{BodyError, whole_body};
pub use served_body::ServedBody;
