//! The HTTP layer, through a real server on a real PostgreSQL.

mod accounts;
mod chat_door;
mod conditional;
mod documentation;
mod errors;
mod failures;
mod idempotency;
mod lists;
mod mails;
mod manners;
mod members;
mod messages;
mod permissions;
mod rate_limits;
mod redaction;
mod rooms;
mod support;
