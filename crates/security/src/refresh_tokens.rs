//! Refresh tokens: `session.number.HMAC`, the first and the last part in URL-safe base64.

use abu_application::identity::ports::RefreshTokens;
use abu_domain::LoginSessionId;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use crate::keys;

#[derive(Clone)]
pub struct HmacRefreshTokens {
    mac: Hmac<Sha256>,
    /// Of the secret before a rotation: it reads and does not make.
    previous: Option<Hmac<Sha256>>,
}

impl HmacRefreshTokens {
    pub fn new(secret: &[u8]) -> Self {
        Self {
            mac: derived(secret),
            previous: None,
        }
    }

    /// Also reads tokens that were made before a rotation of the secret.
    #[must_use]
    pub fn accepting(mut self, previous: Option<&SecretString>) -> Self {
        self.previous = previous.map(|secret| derived(secret.expose_secret().as_bytes()));
        self
    }
}

fn derived(secret: &[u8]) -> Hmac<Sha256> {
    keys::derived_hmac(secret, "abu-alumni-connect refresh tokens 1")
}

fn made(mut mac: Hmac<Sha256>, session: LoginSessionId, number: u32) -> SecretString {
    // Both have a fixed length, so no two pairs of session and number give the same input.
    mac.update(session.uuid().as_bytes());
    mac.update(&number.to_be_bytes());
    let session = URL_SAFE_NO_PAD.encode(session.uuid().as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{session}.{number}.{tag}").into()
}

impl RefreshTokens for HmacRefreshTokens {
    fn make(&self, session: LoginSessionId, number: u32) -> SecretString {
        made(self.mac.clone(), session, number)
    }

    /// Compares the whole token with the one that each key gives, so no token has a second spelling.
    fn read(&self, token: &SecretString) -> Option<(LoginSessionId, u32)> {
        let shown = token.expose_secret();
        let mut parts = shown.splitn(3, '.');
        let session = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let session = LoginSessionId::new(Uuid::from_slice(&session).ok()?);
        let number = parts.next()?.parse().ok()?;
        let keys = [Some(&self.mac), self.previous.as_ref()];
        let same = keys
            .into_iter()
            .flatten()
            .fold(Choice::from(0), |same, mac| {
                let made = made(mac.clone(), session, number);
                same | made.expose_secret().as_bytes().ct_eq(shown.as_bytes())
            });
        bool::from(same).then_some((session, number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn tokens() -> HmacRefreshTokens {
        HmacRefreshTokens::new(b"a secret of the test's own")
    }

    fn session() -> LoginSessionId {
        LoginSessionId::new(Uuid::from_u128(0x1234_5678_9abc_def0))
    }

    #[test]
    fn a_token_names_its_session_and_number_and_is_always_the_same() {
        for number in [0, 1, 9, u32::MAX] {
            let token = tokens().make(session(), number);
            assert_eq!(tokens().read(&token), Some((session(), number)));
            let again = tokens().make(session(), number);
            assert_eq!(token.expose_secret(), again.expose_secret());
        }
        let token = tokens().make(session(), 7);
        assert_eq!(token.expose_secret().len(), 22 + 1 + 1 + 1 + 43);
    }

    #[test]
    fn a_token_of_another_secret_is_refused() {
        let token = HmacRefreshTokens::new(b"another secret").make(session(), 0);
        assert_eq!(tokens().read(&token), None);
    }

    #[test]
    fn a_previous_secret_reads_and_makes_nothing() {
        let previous = SecretString::from("a secret of the test's own");
        let rotated = HmacRefreshTokens::new(b"the next secret").accepting(Some(&previous));
        let old = tokens().make(session(), 7);
        assert_eq!(rotated.read(&old), Some((session(), 7)));
        let new = rotated.make(session(), 8);
        assert_eq!(rotated.read(&new), Some((session(), 8)));
        assert_eq!(tokens().read(&new), None);
        let third = HmacRefreshTokens::new(b"another secret").make(session(), 7);
        assert_eq!(rotated.read(&third), None);
    }

    #[test]
    fn the_tag_of_one_token_is_no_tag_for_another() {
        let token = tokens().make(session(), 1);
        let (_, tag) = token.expose_secret().rsplit_once('.').unwrap();
        let name = URL_SAFE_NO_PAD.encode(session().uuid().as_bytes());
        let other = URL_SAFE_NO_PAD.encode(Uuid::from_u128(5).as_bytes());
        for forged in [
            format!("{name}.2.{tag}"),
            format!("{name}.0.{tag}"),
            format!("{other}.1.{tag}"),
            // The same token in other spellings.
            format!("{name}.+1.{tag}"),
            format!("{name}.01.{tag}"),
            format!("{name}=.1.{tag}"),
            format!("{name}.1.{tag}="),
            format!("{name}.1.{tag}."),
            format!(" {name}.1.{tag}"),
        ] {
            assert_eq!(tokens().read(&forged.clone().into()), None, "{forged}");
        }
        assert!(tokens().read(&format!("{name}.1.{tag}").into()).is_some());
    }

    proptest! {
        #[test]
        fn no_changed_token_is_accepted(
            number in any::<u32>(),
            place in any::<Index>(),
            letter in "[A-Za-z0-9_.=+ -]",
        ) {
            let token = tokens().make(session(), number);
            let token = token.expose_secret();
            let place = place.index(token.len());
            let (before, after) = token.split_at(place);
            let changed = [
                format!("{before}{letter}{}", &after[1..]),
                format!("{before}{letter}{after}"),
                format!("{before}{}", &after[1..]),
                before.to_owned(),
            ];
            for changed in changed.into_iter().filter(|changed| changed != token) {
                prop_assert_eq!(tokens().read(&changed.clone().into()), None, "{}", changed);
            }
        }

        #[test]
        fn no_text_is_a_token_by_chance(text in any::<String>(), shaped in "[A-Za-z0-9_-]{22}\\.[0-9]{1,3}\\.[A-Za-z0-9_-]{43}") {
            prop_assert_eq!(tokens().read(&text.into()), None);
            prop_assert_eq!(tokens().read(&shaped.into()), None);
        }
    }
}
