//! Ports of the identity area.

mod consents;
mod emails;
mod erasures;
mod exports;
mod own_account;
mod resets;
mod sessions;
mod totp;
mod users;
