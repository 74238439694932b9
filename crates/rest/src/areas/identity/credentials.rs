//! Bodies that several routes with credentials share.

use crate::areas::prelude::*;

request_body! {
    /// What a link in a mail carries.
    #[schema(example = json!({"token": "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk"}))]
    pub(super) struct LinkToken into SecretString {
        /// The parameter `token` of the link's address.
        #[schema(value_type = String)]
        token: SecretString,
    }
    // What is no token is a link that is not good, like any other.
    |body, _violations| Some(body.token)
}
