//! Hostile clients: what they can make the server hold, and whether it still answers others.

mod bodies;
mod chats;
mod hashing;
mod idle;
mod notices;
mod stopping;
mod target;
mod unread;
