use abu_domain::named_enum;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

named_enum! {
    /// The purpose of a link in a mail. It goes into the token, so a token serves one purpose alone.
    pub enum LinkPurpose {
        /// Proof of control over a new account's address.
        VerifyEmail => "verify_email",
        /// Choice of a new password.
        ResetPassword => "reset_password",
        /// Proof of control over the address that becomes the primary one.
        ConfirmEmailChange => "confirm_email_change",
        /// Approval, by the primary address, of a further or new address.
        ApproveEmail => "approve_email",
        /// Undo of a change of the primary address.
        UndoEmailChange => "undo_email_change",
        /// The owner of a mailbox asked for no code to claim a record.
        DisownClaim => "disown_claim",
    }
}

/// Derives the tokens of links in mails.
///
/// A token is a function of purpose and id. It is derived twice: to store its SHA-256, and to
/// render the mail. No storage holds a token, so read access to the database opens no link.
pub trait LinkTokens: Send + Sync + 'static {
    /// Deterministic.
    fn token(&self, purpose: LinkPurpose, id: Uuid) -> [u8; 32];

    /// The token as links carry it: 43 characters of URL-safe base64.
    fn text(&self, purpose: LinkPurpose, id: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(self.token(purpose, id))
    }

    /// The first half of the token as a UUIDv8, for links that carry a UUID.
    fn uuid(&self, purpose: LinkPurpose, id: Uuid) -> Uuid {
        let mut half = [0; 16];
        half.copy_from_slice(&self.token(purpose, id)[..16]);
        Uuid::new_v8(half)
    }
}

/// Parses a token from a link; `None` unless it is base64 of 32 bytes.
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
    fn a_token_parses_from_its_text_and_other_text_does_not() {
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
    fn the_uuid_of_a_token_has_version_eight() {
        let uuid = Fixed.uuid(LinkPurpose::ResetPassword, Uuid::max());
        assert_eq!(uuid.get_version_num(), 8);
    }
}
