use std::fmt;

use secrecy::SecretString;

/// The second factor of a log-in as typed: a TOTP code, or a recovery code in its place.
#[derive(Clone, Debug)]
pub enum OneTimePassword {
    /// A code of the authenticator app (TOTP).
    Code(TotpCode),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// Any other text. It fails like a wrong code.
    Neither,
}

impl OneTimePassword {
    /// Classifies a one-time password as typed; ignores spaces, dashes and the case of letters.
    pub fn new(text: &str) -> Self {
        // The longest valid input has 19 characters; `take` bounds the work for longer ones.
        let typed: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(RecoveryCode::LETTERS + 1)
            .collect();
        if typed.len() == TotpCode::DIGITS && typed.bytes().all(|digit| digit.is_ascii_digit()) {
            return Self::Code(TotpCode(typed.into()));
        }
        RecoveryCode::from_letters(&typed).map_or(Self::Neither, Self::Recovery)
    }
}

/// A TOTP code of six digits, valid for half a minute (RFC 6238).
#[derive(Clone, Debug)]
pub struct TotpCode(SecretString);

impl TotpCode {
    const DIGITS: usize = 6;

    /// The digits, for comparison.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// A single-use replacement for a TOTP code when the device is lost.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; Self::BYTES]);

impl RecoveryCode {
    /// The entropy: 10 random bytes, 80 bits.
    pub const BYTES: usize = 10;
    /// Letters and digits of its text form, without dashes.
    const LETTERS: usize = 16;
    /// Crockford's alphabet has neither `I` nor `L`, which look like `1`, nor `O`, which looks like
    /// `0`.
    const ALPHABET: base32::Alphabet = base32::Alphabet::Crockford;

    /// The code made of these random bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    fn from_letters(letters: &str) -> Option<Self> {
        if letters.len() != Self::LETTERS {
            return None;
        }
        base32::decode(Self::ALPHABET, letters)?
            .try_into()
            .ok()
            .map(Self)
    }

    /// The bytes, for hashing.
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The text form in four groups of four, such as `7Q2M-9ZKD-04TX-W8RB`.
    pub fn text(&self) -> SecretString {
        let mut text = base32::encode(Self::ALPHABET, &self.0);
        for dash in [12, 8, 4] {
            text.insert(dash, '-');
        }
        text.into()
    }
}

/// Hides the code: it is as good as a password.
impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert_eq, proptest};
    use secrecy::ExposeSecret;

    use super::*;

    fn recovery(text: &str) -> Option<RecoveryCode> {
        match OneTimePassword::new(text) {
            OneTimePassword::Recovery(code) => Some(code),
            _ => None,
        }
    }

    #[test]
    fn six_digits_are_a_code_however_they_are_grouped() {
        for text in ["012345", "012 345", " 012-345\n"] {
            match OneTimePassword::new(text) {
                OneTimePassword::Code(code) => assert_eq!(code.secret().expose_secret(), "012345"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_is_neither_a_code_nor_a_recovery_code_is_neither() {
        let long = "7".repeat(1 << 20);
        for text in [
            "",
            "12345",
            "1234567",
            "+12345",
            "١٢٣٤٥٦",
            "7Q2M-9ZKD-04TX-W8R",
            "7Q2M-9ZKD-04TX-W8RBB",
            "7Q2M-9ZKD-04TX-W8RU",
            "7Q2M_9ZKD_04TX_W8RB",
            "éééééééé",
            long.as_str(),
        ] {
            let parsed = OneTimePassword::new(text);
            assert!(matches!(parsed, OneTimePassword::Neither), "{parsed:?}");
        }
    }

    #[test]
    fn a_recovery_code_ignores_case_dashes_and_letters_that_look_alike() {
        let code = recovery("1Q2M-9ZKD-04TX-W8R1").unwrap();
        for text in [
            "iq2m9zkdo4txw8rl",
            "LQ2M 9ZKD O4TX W8RI",
            "1q2m-9zkd04tx-w8r1-",
        ] {
            assert_eq!(recovery(text).unwrap(), code, "{text}");
        }
        assert_eq!(code.text().expose_secret(), "1Q2M-9ZKD-04TX-W8R1");
    }

    #[test]
    fn debug_output_shows_none_of_it() {
        let code = OneTimePassword::new("012345");
        assert!(!format!("{code:?}").contains("012345"));
        let code = RecoveryCode::new([7; RecoveryCode::BYTES]);
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }

    proptest! {
        #[test]
        fn every_recovery_code_comes_back_from_its_text(bytes in any::<[u8; RecoveryCode::BYTES]>()) {
            let code = RecoveryCode::new(bytes);
            prop_assert_eq!(recovery(code.text().expose_secret()), Some(code));
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            OneTimePassword::new(&text);
        }
    }
}
