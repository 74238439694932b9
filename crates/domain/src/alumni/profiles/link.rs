//! Web addresses on profiles.

use crate::{LinkId, Violation, named_enum, platform::text::host_name};

const MAX_BYTES: usize = 300;

named_enum! {
    /// What a web address leads to.
    pub enum LinkKind {
        /// A site of the member's own.
        Website => "website",
        /// A page on LinkedIn.
        LinkedIn => "linkedin",
        /// A page on GitHub.
        GitHub => "github",
        /// A page on Facebook.
        Facebook => "facebook",
        /// A page on Instagram.
        Instagram => "instagram",
        /// A page on X.
        X => "x",
        /// A channel on YouTube.
        YouTube => "youtube",
        /// An ORCID record of a researcher.
        Orcid => "orcid",
        /// A page on Google Scholar.
        Scholar => "scholar",
        /// Anything else.
        Other => "other",
    }
}

/// A web address: `https`, a host name with a dot, no port and no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkUrl(String);

impl LinkUrl {
    /// Parses an address. Scheme and host become lower case, and a host in other letters its A-label.
    ///
    /// # Errors
    /// `url.length` beyond 300 bytes, `url.not-https` for another scheme, `url.invalid` for a host that is no name with
    /// a dot, for a user or a port in it, and for characters that an address writes in percent encoding.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "url.length",
            rule: "must have at most 300 characters",
        };
        const SCHEME: Violation = Violation {
            code: "url.not-https",
            rule: "must begin with https://",
        };
        const INVALID: Violation = Violation {
            code: "url.invalid",
            rule: "must be a web address such as https://example.com/me",
        };
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(LENGTH);
        }
        let scheme = text.get(..8).filter(|s| s.eq_ignore_ascii_case("https://"));
        let rest = scheme.map(|_| &text[8..]).ok_or(SCHEME)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let host = host_name(host).ok_or(INVALID)?;
        if !path.bytes().all(is_fit) {
            return Err(INVALID);
        }
        let url = format!("https://{host}{path}");
        match url.len() <= MAX_BYTES {
            true => Ok(Self(url)),
            false => Err(LENGTH),
        }
    }

    /// Wraps an address that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the byte may stand in the path, the query or the fragment of an address (RFC 3986).
fn is_fit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}

/// A web address on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileLink {
    /// Which one.
    pub id: LinkId,
    /// What it leads to.
    pub kind: LinkKind,
    /// The address.
    pub url: LinkUrl,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_path_and_folds_its_host() {
        for (text, url) in [
            ("https://example.com", "https://example.com"),
            (
                " HTTPS://Example.COM/Me?a=1#b ",
                "https://example.com/Me?a=1#b",
            ),
            (
                "https://bücher.example/%C3%A9",
                "https://xn--bcher-kva.example/%C3%A9",
            ),
            ("https://medium.com/@musa", "https://medium.com/@musa"),
        ] {
            assert_eq!(LinkUrl::parse(text).unwrap().as_str(), url);
        }
    }

    #[test]
    fn other_schemes_users_ports_and_unsafe_characters_are_refused() {
        for (text, code) in [
            ("http://example.com", "url.not-https"),
            ("javascript:alert(1)", "url.not-https"),
            ("https:/example.com", "url.not-https"),
            ("", "url.not-https"),
            ("https://", "url.invalid"),
            ("https://localhost/", "url.invalid"),
            ("https://127.0.0.1/", "url.invalid"),
            ("https://[::1]/", "url.invalid"),
            ("https://bank.example@evil.example/", "url.invalid"),
            ("https://example.com:8443/", "url.invalid"),
            ("https://example.com/\u{202e}", "url.invalid"),
            ("https://example.com/a b", "url.invalid"),
            ("https://example.com/\"><script>", "url.invalid"),
            ("https://example.com\\@evil.example", "url.invalid"),
            ("https://example.com/\n", "ok"),
            ("https://example.com/a\nb", "url.invalid"),
        ] {
            let result = LinkUrl::parse(text).map_err(|violation| violation.code);
            assert_eq!(
                result.map(|_| "ok").unwrap_or_else(|code| code),
                code,
                "{text:?}"
            );
        }
        let long = format!("https://example.com/{}", "a".repeat(300));
        assert_eq!(LinkUrl::parse(&long).unwrap_err().code, "url.length");
    }
}
