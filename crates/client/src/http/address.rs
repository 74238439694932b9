//! Where the server is.

use hyper::Uri;

/// The address of a server, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) is_secure: bool,
    /// As it stands in an address: IPv6 in brackets.
    host: String,
    pub(crate) port: u16,
    /// Empty, or a path without a slash at its end.
    prefix: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let url: Uri = url.trim().parse().ok()?;
        let is_secure = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host().filter(|host| !host.is_empty())?;
        if url.query().is_some() || url.authority()?.as_str().contains('@') {
            return None;
        }
        Some(Self {
            is_secure,
            host: host.to_owned(),
            port: url.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// What to look up and to call: without brackets.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// What the header `Host` says.
    pub(crate) fn authority(&self) -> String {
        match (self.is_secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// The path of a route of the API.
    pub(crate) fn api_path(&self, route: &str) -> String {
        format!("{}/api/v1{route}", self.prefix)
    }

    /// The whole address of the chat.
    pub(crate) fn chat_url(&self) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}:{}{}/chat", self.host, self.port, self.prefix)
    }
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

    #[test]
    fn what_is_no_servers_address_is_refused() {
        for url in [
            "",
            "localhost:8080",
            "ftp://localhost",
            "https://",
            "https://a:b@localhost",
            "http://localhost?a=b",
        ] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }
}
