//! The chat engine over real sockets and a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

mod budgets;
mod catching_up;
mod changing;
mod client_ids;
mod closing;
mod database_away;
mod errors;
mod events;
mod frames;
mod history;
mod membership;
mod messages;
mod presence;
mod presence_follows;
mod reading;
mod room_news;
mod slow_readers;
mod support;
mod tokens;
mod typing;
mod v2_sessions;
