//! Ports of the messaging area.

mod messages;
mod rooms;
mod tickets;
