use std::{fmt, str::FromStr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use super::{
    Violation,
    characters::{is_ignorable, is_letter, is_mark, is_number},
    line::nfc,
};

/// Limits of RFC 5321 (4.5.3.1), in bytes.
const MAX_LOCAL_PART: usize = 64;
const MAX_ADDRESS: usize = 254;

/// An e-mail address in its canonical form, so that its spellings are one account: in Normalization
/// Form C and lower case, with the host as DNS knows it (its A-label of UTS 46).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address after trimming the space around it.
    ///
    /// # Errors
    /// `email.invalid` for anything but `name@host.domain`: a dot-atom of RFC 5322 and RFC 6532, and
    /// a host name. No quoted names, no IP addresses, and no hosts without a dot.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        canonical(text.trim()).map(Self).ok_or(Violation {
            code: "email.invalid",
            rule: "must be an e-mail address such as amina@example.com",
        })
    }

    /// Wraps an address that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(name, _)| name)
    }

    /// The part after the `@`.
    pub fn host(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, host)| host)
    }

    /// The masked form, which users other than the owner may see.
    pub fn masked(&self) -> MaskedEmail {
        let (name, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let first = name.chars().next().unwrap_or('*');
        MaskedEmail(format!("{first}***@{domain}"))
    }
}

fn canonical(text: &str) -> Option<String> {
    let (local_part, host) = text.rsplit_once('@')?;
    let local_part = nfc(&nfc(local_part).to_lowercase()).into_owned();
    let address = format!("{local_part}@{}", host_name(host)?);
    let fits = local_part.len() <= MAX_LOCAL_PART && address.len() <= MAX_ADDRESS;
    (fits && local_part.split('.').all(is_atom)).then_some(address)
}

fn is_atom(text: &str) -> bool {
    let allowed = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        false => (is_letter(c) || is_mark(c) || is_number(c)) && !is_ignorable(c),
    };
    !text.is_empty() && text.chars().all(allowed)
}

/// The A-label form of a host name. The last label begins with a letter, as no IP address does.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let host = Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let (_, domain) = host.rsplit_once('.')?;
    let is_name = domain.starts_with(|first: char| first.is_ascii_alphabetic());
    is_name.then(|| host.into_owned())
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
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::{any_text, every_character};

    fn parse(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn assert_stable(text: &str) {
        if let Ok(address) = EmailAddress::parse(text) {
            assert_eq!(
                EmailAddress::parse(address.as_str()),
                Ok(address),
                "{text:?}"
            );
        }
    }

    #[test]
    fn case_and_surrounding_space_do_not_make_another_address() {
        assert_eq!(parse(" Amina@Example.COM "), parse("amina@example.com"));
    }

    #[test]
    fn both_spellings_of_a_host_are_one_address() {
        for text in [
            "amina@bücher.example",
            "amina@BÜCHER.example",
            "amina@bu\u{308}cher.example",
            "amina@bücher。example",
            "amina@XN--BCHER-KVA.example",
        ] {
            let address = parse(text);
            assert_eq!(address.as_str(), "amina@xn--bcher-kva.example", "{text}");
            assert_eq!(address.host(), "xn--bcher-kva.example");
        }
    }

    #[test]
    fn marks_compose_before_an_address_is_compared() {
        assert_eq!(
            parse("S\u{323}ade@example.com").as_str(),
            "ṣade@example.com"
        );
        assert_eq!(parse("İx@example.com").as_str(), "i\u{307}x@example.com");
    }

    #[test]
    fn text_that_is_no_plain_address_is_refused() {
        for text in [
            "",
            "amina",
            "amina@",
            "@example.com",
            "amina@localhost",
            "amina@example.com.",
            "amina@exa_mple.com",
            "amina@-example.com",
            "amina@example..com",
            ".amina@example.com",
            "ami..na@example.com",
            "a b@example.com",
            "a@b@example.com",
            "\"a b\"@example.com",
            "Amina <amina@example.com>",
            "amina@[127.0.0.1]",
            "amina@127.0.0.1",
            "amina@１２７.0.0.1",
            "amina@[IPv6:::1]",
            "amina@example.com\0",
            "ami\u{200b}na@example.com",
            "ami\u{202e}na@example.com",
            "ami\u{fe0f}na@example.com",
            "amina@xn--\u{fe0f}.example",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(EmailAddress::parse(&long).is_err());
        let labels = "abcdefgh.".repeat(30);
        assert!(EmailAddress::parse(&format!("a@{labels}example")).is_err());
    }

    #[test]
    fn a_masked_address_shows_one_letter_and_the_domain() {
        for (address, masked) in [
            ("amina@example.com", "a***@example.com"),
            ("a@example.com", "a***@example.com"),
            ("ṣade.bello@example.com", "ṣ***@example.com"),
        ] {
            assert_eq!(parse(address).masked().as_str(), masked);
        }
    }

    #[test]
    fn debug_output_does_not_show_the_address() {
        let address = parse("amina@example.com");
        assert!(!format!("{address:?}").contains("amina"));
    }

    #[test]
    fn an_address_with_any_character_parses_to_itself_again() {
        for c in every_character() {
            assert_stable(&format!("x{c}y@example.com"));
            assert_stable(&format!("x@a{c}b.example"));
        }
    }

    proptest! {
        #[test]
        fn a_parsed_address_parses_to_itself(name in any_text(), host in any_text()) {
            assert_stable(&format!("{name}@example.com"));
            assert_stable(&format!("a@{host}.example"));
            assert_stable(&format!("{name}@{host}"));
        }
    }
}
