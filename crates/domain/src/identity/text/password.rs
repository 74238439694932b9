use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::{local_words, opaque_string::opaque_string};
use crate::platform::text::{EmailAddress, PersonName, Violation};

const MIN_CHARS: usize = 10;
const MAX_BYTES: usize = 1_024;
const MIN_PERSONAL_CHARS: usize = 3;

/// A new password that satisfies the rules for new passwords, as an OpaqueString (RFC 8265).
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Takes a password as typed, and composes it (NFC); trims no space.
    ///
    /// # Errors
    /// `password.length` unless it has at least 10 characters and at most 1,024 bytes.
    /// `password.character` if it contains a control character or another one that an OpaqueString
    /// cannot have. `password.local-words` if its letters spell nothing but words that everybody at
    /// the university tries first.
    pub fn parse(text: SecretString) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "password.length",
            rule: "must have at least 10 characters and at most 1,024 bytes",
        };
        // Bounds the work for endless texts.
        if text.expose_secret().len() > MAX_BYTES {
            return Err(LENGTH);
        }
        let prepared = opaque_string(text.expose_secret()).ok_or(Violation {
            code: "password.character",
            rule: "must not contain control, invisible or unassigned characters",
        })?;
        let prepared = SecretString::from(prepared);
        let password = prepared.expose_secret();
        if password.chars().count() < MIN_CHARS || password.len() > MAX_BYTES {
            return Err(LENGTH);
        }
        if local_words::are_all_of(password) {
            return Err(Violation {
                code: "password.local-words",
                rule: "must hold more than local words, years, digits and punctuation",
            });
        }
        Ok(Self(prepared))
    }

    /// The cleartext, for hashing.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Words that a targeted guess tries first: the local part of the address and the parts of the
/// name. Words of fewer than three characters are left out, because too many good passwords contain
/// them.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalWords(Vec<String>);

impl PersonalWords {
    /// The words of an account with this address and these names.
    pub fn of<'a>(email: &EmailAddress, names: impl IntoIterator<Item = &'a PersonName>) -> Self {
        let mut words = vec![email.local_part().to_owned()];
        for name in names {
            let parts = name
                .as_str()
                .split(|letter: char| !letter.is_alphanumeric());
            words.extend(parts.map(str::to_lowercase));
        }
        words.retain(|word| word.chars().count() >= MIN_PERSONAL_CHARS);
        Self(words)
    }

    /// The words, in lower case.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether the password contains one of the words, in any case.
    pub fn are_in(&self, password: &NewPassword) -> bool {
        let password = SecretString::from(password.0.expose_secret().to_lowercase());
        self.0
            .iter()
            .any(|word| password.expose_secret().contains(word.as_str()))
    }
}

/// Hides the words: they are personal data, and debug output ends in logs.
impl fmt::Debug for PersonalWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalWords(…)")
    }
}

/// A password offered at log-in: bounded only, because the rules for new ones may have changed
/// since.
#[derive(Clone, Debug)]
pub struct LoginPassword {
    prepared: SecretString,
    /// Present if it differs: earlier releases hashed passwords as typed.
    typed: Option<SecretString>,
}

impl LoginPassword {
    /// Takes a password as typed. A text that no account can have becomes one that matches no hash.
    /// Its check costs and fails like that of a wrong password.
    pub fn new(text: SecretString) -> Self {
        let typed = text.expose_secret();
        if typed.len() > MAX_BYTES || typed.contains('\0') {
            return Self::of_one_form(SecretString::from(" "));
        }
        match opaque_string(typed) {
            Some(prepared) if prepared != typed => Self {
                prepared: SecretString::from(prepared),
                typed: Some(text),
            },
            _ => Self::of_one_form(text),
        }
    }

    fn of_one_form(prepared: SecretString) -> Self {
        Self {
            prepared,
            typed: None,
        }
    }

    /// The form that new passwords are hashed in. A text that is no OpaqueString is its own.
    pub fn secret(&self) -> &SecretString {
        &self.prepared
    }

    /// The text as typed, if it differs: an older hash may be of it.
    pub fn as_typed(&self) -> Option<&SecretString> {
        self.typed.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    fn parse(text: &str) -> Result<NewPassword, Violation> {
        NewPassword::parse(SecretString::from(text))
    }

    #[test]
    fn short_endless_and_untypable_passwords_are_refused() {
        assert!(parse("nine char").is_err());
        assert!(parse("ten chars!").is_ok());
        assert!(parse(&"x".repeat(1_024)).is_ok());
        assert!(parse(&"x".repeat(1_025)).is_err());
        assert!(parse("with a \0 in it").is_err());
    }

    #[test]
    fn local_words_alone_make_no_password() {
        assert_eq!(
            parse("AbuZaria2010!").unwrap_err().code,
            "password.local-words"
        );
        assert!(parse("abu zaria harmattan").is_ok());
    }

    #[test]
    fn decomposed_letters_and_other_spaces_are_the_same_password() {
        let typed = parse("s\u{323}ade\u{301}\u{a0}xy1962").unwrap();
        assert_eq!(typed.secret().expose_secret(), "ṣadé xy1962");
    }

    #[test]
    fn a_log_in_offers_the_prepared_form_and_the_typed_one() {
        let login = LoginPassword::new(SecretString::from("s\u{323}ade"));
        assert_eq!(login.secret().expose_secret(), "ṣade");
        assert_eq!(login.as_typed().unwrap().expose_secret(), "s\u{323}ade");
        // A hash of what is no OpaqueString opens still.
        for text in ["ṣade", "hello\u{fe0f}", "a\tb"] {
            let login = LoginPassword::new(SecretString::from(text));
            assert_eq!(login.secret().expose_secret(), text);
            assert!(login.as_typed().is_none());
        }
    }

    proptest! {
        #[test]
        fn a_parsed_password_parses_to_itself(text in any_text()) {
            if let Ok(password) = parse(&text) {
                let text = password.secret().expose_secret();
                let again = parse(text).unwrap();
                prop_assert_eq!(again.secret().expose_secret(), text);
            }
        }
    }

    #[test]
    fn debug_output_does_not_show_the_password() {
        let password = parse("correct horse").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }

    fn personal_words() -> PersonalWords {
        let email = EmailAddress::parse("Amina.B@example.com").unwrap();
        let names = ["Hauwa'u Abdul-Ƙadir", "Bo", "O'Neill ẞ"];
        let names = names.map(|name| PersonName::parse(name).unwrap());
        PersonalWords::of(&email, &names)
    }

    #[test]
    fn a_password_with_its_owners_name_is_recognized_in_any_case() {
        let words = personal_words();
        for password in [
            "xx amina.B 1970",
            "xx HAUWA xx xx",
            "xxABDULxxxx",
            "ƙadir1970xx",
            "ƘADIR1970xx",
            "o'neill 1970",
        ] {
            assert!(words.are_in(&parse(password).unwrap()), "{password}");
        }
    }

    #[test]
    fn short_parts_of_names_and_the_domain_may_be_in_a_password() {
        let words = personal_words();
        for password in [
            "example.com xx",
            "bo and u and o",
            "amina, b: xx",
            "adir1970xx",
        ] {
            assert!(!words.are_in(&parse(password).unwrap()), "{password}");
        }
        assert!(!format!("{words:?}").contains("amina"));
    }

    #[test]
    fn a_log_in_with_an_impossible_password_is_bounded() {
        let login = LoginPassword::new(SecretString::from("x".repeat(1 << 20)));
        assert!(login.secret().expose_secret().len() <= MAX_BYTES);
    }
}
