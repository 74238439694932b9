#![doc = include_str!("../README.md")]

mod backpressure;
mod bus;
mod connect;
mod counters;
mod directory;
mod engine;
mod frame;
mod hub;
mod instructions;
mod last_seen;
mod notices;
mod packets;
mod presence;
mod rate_limit;
mod registry;
mod roster;
mod session;
mod settings;
mod submitted;
mod throttle;
mod timers;
mod typing;
mod users;
mod visibility;
mod worker;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod conformance;

pub use connect::{ConnectError, Connecting, on_connect};
pub use counters::begin_counters;
pub use engine::ChatEngine;
pub use hub::ChatHub;
pub use session::HTTP_WRITE_BUFFER;
pub use settings::ChatSettings;
pub use worker::Worker;
