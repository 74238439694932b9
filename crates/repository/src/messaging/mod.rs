//! Ports of the messaging area.

mod erasure;
mod messages;
mod rooms;
mod tickets;
