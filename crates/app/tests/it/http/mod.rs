//! The HTTP layer, through a real server on a real PostgreSQL.

mod accounts;
mod chat_door;
mod conditional;
mod documentation;
mod errors;
mod escalation;
mod failures;
mod idempotency;
mod lists;
mod manners;
mod members;
mod messages;
mod permissions;
mod rate_limits;
mod redaction;
mod rights;
mod role_assignments;
mod rooms;
mod super_admins;
mod support;
mod users;
