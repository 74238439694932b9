//! Ports of the messaging area.

mod erasure;
mod exports;
mod messages;
mod rooms;
mod tickets;
