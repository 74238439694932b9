//! The server's base URL.

use hyper::Uri;

/// The address of a server, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) is_secure: bool,
    /// As in a URL: IPv6 in brackets.
    host: String,
    pub(crate) port: u16,
    /// Empty, or a path without a slash at its end.
    prefix: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let url = url.trim();
        // `Uri` drops a fragment silently.
        if url.contains('#') {
            return None;
        }
        let url: Uri = url.parse().ok()?;
        let is_secure = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host().filter(|host| !host.is_empty())?;
        // Text before the host is user-info, which a base URL must not have.
        let after_host = url.authority()?.as_str().strip_prefix(host)?;
        if url.query().is_some() {
            return None;
        }
        let port = match after_host {
            "" if is_secure => 443,
            "" => 80,
            port => port_number(port.strip_prefix(':')?)?,
        };
        Some(Self {
            is_secure,
            host: host.to_owned(),
            port,
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The host for DNS and TLS: IPv6 without brackets.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        match (self.is_secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    pub(crate) fn api_path(&self, route: &str) -> String {
        format!("{}/api/v1{route}", self.prefix)
    }

    pub(crate) fn chat_url(&self) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}:{}{}/chat", self.host, self.port, self.prefix)
    }
}

/// `Uri` accepts any text as a port, and then ignores an invalid one.
fn port_number(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_the_chat_and_the_api_follow_from_the_servers() {
        for (url, authority, chat, rooms) in [
            (
                "https://alumni.example.org",
                "alumni.example.org",
                "wss://alumni.example.org:443/chat",
                "/api/v1/rooms",
            ),
            (
                "http://localhost:8080/",
                "localhost:8080",
                "ws://localhost:8080/chat",
                "/api/v1/rooms",
            ),
            (
                "http://[::1]:80/alumni/",
                "[::1]",
                "ws://[::1]:80/alumni/chat",
                "/alumni/api/v1/rooms",
            ),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.authority(), authority);
            assert_eq!(address.chat_url(), chat);
            assert_eq!(address.api_path("/rooms"), rooms);
        }
        assert_eq!(Address::parse("http://[::1]:80").unwrap().host(), "::1");
    }

    fn is_refused(urls: &[&str]) {
        for url in urls {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_url_without_an_http_scheme_and_a_host_is_refused() {
        is_refused(&["", "localhost:8080", "ftp://localhost", "https://", "/chat"]);
    }

    #[test]
    fn an_invalid_port_is_refused_instead_of_replaced_by_the_default() {
        is_refused(&[
            "http://localhost:",
            "http://localhost:0",
            "http://localhost:65536",
            "http://localhost:99999999999",
            "http://localhost:http",
            "http://localhost:+80",
            "http://localhost:-1",
            "http://localhost:80:80",
            "http://[::1]:65536",
        ]);
        let last = Address::parse("http://localhost:65535").unwrap();
        assert_eq!(last.port, 65_535);
    }

    #[test]
    fn an_address_with_user_info_is_refused() {
        is_refused(&[
            "https://amina:secret@localhost",
            "https://amina@localhost",
            "https://@localhost",
            "https://amina@[::1]:8080",
        ]);
    }

    #[test]
    fn an_address_with_a_query_or_a_fragment_is_refused() {
        is_refused(&[
            "http://localhost?a=b",
            "http://localhost/alumni?",
            "http://localhost#top",
            "http://localhost/alumni#",
        ]);
    }
}
