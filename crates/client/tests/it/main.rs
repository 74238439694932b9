//! The client against the real server, and against one that misbehaves on purpose.

mod ending;
mod fake;
mod log_in;
mod many_cuts;
mod people;
mod proxy;
mod reconnecting;
mod talking;
