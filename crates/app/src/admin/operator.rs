//! Who runs this program.

use std::env;

use abu_application::access::Operator;
use nix::unistd::{User, getuid};

/// The account that the process really belongs to. Under `sudo` that is the account somebody became, so
/// the log gets to know the name that `sudo` hands on as well.
pub(super) fn operator() -> Operator {
    let uid = getuid();
    let account = User::from_uid(uid).ok().flatten();
    Operator {
        name: account
            .map_or_else(|| uid.to_string(), |user| user.name)
            .into(),
        sudo_user: env::var("SUDO_USER")
            .ok()
            .filter(|name| !name.is_empty())
            .map(Into::into),
    }
}
