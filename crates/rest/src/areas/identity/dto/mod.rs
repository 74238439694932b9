//! JSON forms of the identity area.

mod email;
mod user;

pub(super) use email::Email;
pub use user::User;
pub(super) use user::{Account, TokenHolder, own_details};
