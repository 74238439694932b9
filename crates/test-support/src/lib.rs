#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose database cannot be had has failed, and says why"
)]

mod builders;
mod chat_client;
mod cluster;
mod database;
mod inventory;
mod pooler;
mod private_cluster;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod smtp;

pub use builders::{GroupBuilder, UserBuilder, caller, session_of};
pub use chat_client::ChatClient;
pub use cluster::cluster;
pub use database::{HeldTable, TestDatabase, new_message};
pub use inventory::{ColumnRule, Inventory, RowsRule, TableRules, inventory};
pub use pooler::TransactionPooler;
pub use private_cluster::{Frozen, PrivateCluster};
#[cfg(feature = "server")]
pub use server::{ADMIN_EMAIL, ADMIN_PASSWORD, SECRET, TestServer};
#[cfg(feature = "server")]
pub use smtp::{ReceivedMail, SmtpBehavior, SmtpServer};
