use abu_domain::named_enum;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

named_enum! {
    /// What a link in a mail is good for. A token for one purpose is of no use for another. The name is
    /// part of the token, and must never change.
    pub enum LinkPurpose {
        /// Confirming the address of a new account.
        VerifyEmail => "verify_email",
        /// Choosing a password.
        ResetPassword => "reset_password",
        /// Confirming the address that an account is to have.
        ConfirmEmailChange => "confirm_email_change",
        /// Going back to the address that an account had.
        UndoEmailChange => "undo_email_change",
    }
}

/// The secrets of links in mails.
///
/// A token is made of what it is for and of an id, anew whenever it is needed: when its SHA-256 is
/// stored, and when the mail is sent. It is stored nowhere, so nobody who reads the database can use a
/// link.
pub trait LinkTokens: Send + Sync + 'static {
    /// The token: always the same for the same purpose and id.
    fn token(&self, purpose: LinkPurpose, id: Uuid) -> [u8; 32];

    /// The token as a link carries it: 43 characters of URL-safe base64.
    fn text(&self, purpose: LinkPurpose, id: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(self.token(purpose, id))
    }

    /// The first half of the token as a UUIDv8, where a link carries one.
    fn uuid(&self, purpose: LinkPurpose, id: Uuid) -> Uuid {
        let mut half = [0; 16];
        half.copy_from_slice(&self.token(purpose, id)[..16]);
        Uuid::new_v8(half)
    }
}

/// The token that a link carried as text; `None` for what no link of ours carries.
pub fn token_from_text(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl LinkTokens for Fixed {
        fn token(&self, _purpose: LinkPurpose, id: Uuid) -> [u8; 32] {
            let mut token = [0xff; 32];
            token[..16].copy_from_slice(id.as_bytes());
            token
        }
    }

    #[test]
    fn a_token_comes_back_from_its_text_and_nothing_else_does() {
        let (purpose, id) = (LinkPurpose::VerifyEmail, Uuid::from_u128(7));
        let text = Fixed.text(purpose, id);
        assert_eq!(text.len(), 43);
        assert_eq!(token_from_text(&text), Some(Fixed.token(purpose, id)));
        for other in [
            "",
            "a",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
            "\0",
            "é",
        ] {
            assert_eq!(token_from_text(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_tokens_uuid_is_of_version_eight() {
        let uuid = Fixed.uuid(LinkPurpose::ResetPassword, Uuid::max());
        assert_eq!(uuid.get_version_num(), 8);
    }
}
