//! Hostile clients: what they can make the server hold, and whether it still answers others.

mod bodies;
mod chats;
mod idle;
mod stopping;
mod target;
mod unread;
