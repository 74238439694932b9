//! Bodies that several routes with credentials share.

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::{IntoDraft, Violations};

/// What a link in a mail carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk"}))]
pub(super) struct LinkToken {
    /// The parameter `token` of the link's address.
    #[schema(value_type = String)]
    token: SecretString,
}

impl IntoDraft for LinkToken {
    type Draft = SecretString;

    // What is no token is a link that is not good, like any other.
    fn into_draft(self, _violations: &mut Violations) -> Option<SecretString> {
        Some(self.token)
    }
}
