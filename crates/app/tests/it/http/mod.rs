//! The HTTP layer, through a real server on a real PostgreSQL.

mod accounts;
mod audit_log;
mod chat_door;
mod conditional;
mod documentation;
mod emails;
mod errors;
mod failures;
mod idempotency;
mod lists;
mod mails;
mod manners;
mod members;
mod messages;
mod own_account;
mod passwords;
mod permissions;
mod post;
mod rate_limits;
mod redaction;
mod registration;
mod rooms;
mod sessions;
mod support;
mod totp;
