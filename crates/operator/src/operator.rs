//! Identity of the operator, for the audit log.

use std::env;

use abu_application::access::Operator;
use nix::unistd::{User, getuid};

/// The process's real user. Under `sudo` that is the target account, so the audit log also records
/// `SUDO_USER`.
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
