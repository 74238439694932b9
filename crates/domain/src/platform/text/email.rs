use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Violation;

/// An e-mail address in lower case, so that spellings differing in case are one account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address after trimming the space around it.
    ///
    /// # Errors
    /// `email.invalid` for anything but `name@host.domain` (RFC 5321, without quoted names, address
    /// literals and hosts without a dot).
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const INVALID: Violation = Violation {
            code: "email.invalid",
            rule: "must be an e-mail address such as amina@example.com",
        };
        let text = text.trim();
        let options = email_address::Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        match email_address::EmailAddress::parse_with_options(text, options) {
            Ok(address) if !address.local_part().starts_with('"') => Ok(Self(text.to_lowercase())),
            _ => Err(INVALID),
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(name, _)| name)
    }

    /// The masked form, which users other than the owner may see.
    pub fn masked(&self) -> MaskedEmail {
        let (name, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let first = name.chars().next().unwrap_or('*');
        MaskedEmail(format!("{first}***@{domain}"))
    }
}

/// An e-mail address reduced to its first letter and its domain: `a***@example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedEmail(String);

impl MaskedEmail {
    /// The masked address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        Self::parse(text)
    }
}

/// Hides the address: it is personal data, and debug output ends in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_space_do_not_make_another_address() {
        assert_eq!(
            EmailAddress::parse(" Amina@Example.COM ").unwrap(),
            EmailAddress::parse("amina@example.com").unwrap()
        );
    }

    #[test]
    fn text_that_is_no_plain_address_is_refused() {
        for text in [
            "",
            "amina",
            "amina@",
            "@example.com",
            "amina@localhost",
            "a b@example.com",
            "\"a b\"@example.com",
            "Amina <amina@example.com>",
            "amina@[127.0.0.1]",
            "amina@example.com\0",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        let long = format!("{}@example.com", "a".repeat(300));
        assert!(EmailAddress::parse(&long).is_err());
    }

    #[test]
    fn a_masked_address_shows_one_letter_and_the_domain() {
        for (address, masked) in [
            ("amina@example.com", "a***@example.com"),
            ("a@example.com", "a***@example.com"),
            ("ṣade.bello@example.com", "ṣ***@example.com"),
        ] {
            let address = EmailAddress::parse(address).unwrap();
            assert_eq!(address.masked().as_str(), masked);
        }
    }

    #[test]
    fn debug_output_does_not_show_the_address() {
        let address = EmailAddress::parse("amina@example.com").unwrap();
        assert!(!format!("{address:?}").contains("amina"));
    }
}
