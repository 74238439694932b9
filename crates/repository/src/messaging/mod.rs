//! Ports of the messaging area.

mod erasure;
mod exports;
mod messages;
mod room_list;
mod rooms;
mod tickets;
