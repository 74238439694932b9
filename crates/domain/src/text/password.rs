use secrecy::{ExposeSecret, SecretString};

use super::Violation;

const MIN_CHARS: usize = 10;
const MAX_BYTES: usize = 1_024;

/// A password somebody wants to have from now on, held to the rules for new ones.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Takes a password as typed; no space is trimmed.
    ///
    /// # Errors
    /// `password.length` unless it has at least 10 characters and at most 1,024 bytes,
    /// `password.control-character` where it contains one, as no keyboard types it.
    pub fn parse(text: SecretString) -> Result<Self, Violation> {
        let password = text.expose_secret();
        if password.chars().count() < MIN_CHARS || password.len() > MAX_BYTES {
            return Err(Violation {
                code: "password.length",
                rule: "must have at least 10 characters and at most 1,024 bytes",
            });
        }
        if password.chars().any(char::is_control) {
            return Err(Violation {
                code: "password.control-character",
                rule: "must not contain control characters",
            });
        }
        Ok(Self(text))
    }

    /// The password in clear, for hashing.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// A password offered at log-in: only bounded, as the rules for new ones may have changed since.
#[derive(Clone, Debug)]
pub struct LoginPassword(SecretString);

impl LoginPassword {
    /// Takes a password as typed. One that no account can have is replaced by a text that matches
    /// nothing, so that it costs the same and fails the same as any wrong one.
    pub fn new(text: SecretString) -> Self {
        let password = text.expose_secret();
        if password.len() > MAX_BYTES || password.contains('\0') {
            return Self(SecretString::from(" "));
        }
        Self(text)
    }

    /// The password in clear, for comparison with a hash.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn debug_output_does_not_show_the_password() {
        let password = parse("correct horse").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }

    #[test]
    fn a_log_in_with_an_impossible_password_is_bounded() {
        let login = LoginPassword::new(SecretString::from("x".repeat(1 << 20)));
        assert!(login.secret().expose_secret().len() <= MAX_BYTES);
    }
}
