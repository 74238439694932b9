//! Bodies that several routes with credentials share.

use abu_domain::identity::text::LoginPassword;

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

request_body! {
    /// The password of the account.
    #[schema(example = json!({"password": "correct horse battery staple"}))]
    pub(super) struct OwnPassword into LoginPassword {
        /// The caller's password.
        #[schema(value_type = String, format = Password)]
        password: SecretString,
    }
    |body, _violations| Some(LoginPassword::new(body.password))
}
