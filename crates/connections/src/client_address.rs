//! Client address behind trusted proxies (`X-Forwarded-For`, or `Forwarded` of RFC 7239).
//!
//! Any client can send these headers, so they count only from proxies that the operator trusts, and only
//! what those appended. The list is read from its end, hop by hop, up to the first untrusted address.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{self, HeaderMap, HeaderName},
};
use ipnet::IpNet;

/// The address of the client, as far as those in between can be believed. IPv4 inside IPv6 is IPv4.
///
/// It is personal data: it may count requests and go into the records made for it. Into the log goes its
/// network at most.
#[derive(Clone, Copy)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address that [`note`](Self::note) found; without it, the peer's.
    pub fn of(request: &HttpRequest) -> IpAddr {
        let noted = request.extensions().get::<Self>().map(|noted| noted.0);
        noted.unwrap_or_else(|| peer(request))
    }

    /// Finds the address once, for all readers of the request.
    pub fn note(request: &HttpRequest, proxies: &TrustedProxies) {
        let found = Self(proxies.client_of(peer(request), request.headers()));
        request.extensions_mut().insert(found);
    }
}

/// Only connections that are none of the network's have no address.
fn peer(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

#[derive(Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    has_warned: AtomicBool,
}

impl TrustedProxies {
    pub fn new(networks: &[IpNet]) -> Self {
        Self {
            networks: networks.to_vec(),
            has_warned: AtomicBool::new(false),
        }
    }

    pub(crate) fn trust(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Warns once: all clients of a proxy that is missing in the settings share its rate limits.
    fn warn(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            log::warn!(
                "X-Forwarded-For came from a peer that is not in server.trusted_proxies, and was \
                 ignored; if it is a proxy of this server, its clients share one network's rate limits"
            );
        }
    }

    /// Who is behind `peer`, which sent these headers. Where they make no sense it is the peer itself.
    fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            if headers.contains_key(header::X_FORWARDED_FOR) {
                self.warn();
            }
            return peer;
        }
        let mut client = peer;
        for hop in hops(headers) {
            let Some(address) = hop else { return peer };
            client = address;
            if !self.trust(address) {
                break;
            }
        }
        client
    }
}

/// The addresses that the headers name, the nearest first; `None` for what is no address.
///
/// Proxies write `X-Forwarded-For` by default, and those that do pass on a forged `Forwarded`. So
/// `Forwarded` counts only without `X-Forwarded-For`.
fn hops(headers: &HeaderMap) -> Box<dyn Iterator<Item = Option<IpAddr>> + '_> {
    if headers.contains_key(header::X_FORWARDED_FOR) {
        Box::new(elements(headers, header::X_FORWARDED_FOR).map(|element| address(element?)))
    } else {
        Box::new(elements(headers, header::FORWARDED).map(|element| forwarded_for(element?)))
    }
}

/// The elements of a list that may be spread over several headers, the last first; `None` for what is
/// no text. One that is none must not spoil those after it, which are the proxies' own.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    let values: Vec<_> = headers.get_all(name).collect();
    let elements = values
        .into_iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    elements.map(|element| str::from_utf8(element.trim_ascii()).ok())
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .map_or_else(
            || text.parse().ok(),
            |text| text.parse().ok().map(IpAddr::V6),
        );
    let address = bare.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

/// The address after `for=` in an element of `Forwarded` (RFC 7239).
///
/// The element must be whole and plain. A comma or semicolon inside a quoted text splits it where it must
/// not be split, which leaves a quote that no rule below allows: then it is no address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.trim().split_once('=')?;
        let value = unquoted(value)?;
        if name.eq_ignore_ascii_case("for") && found.replace(address(value)?).is_some() {
            return None;
        }
    }
    found
}

/// A token as it is, or the inside of a quoted text. Neither has a quote or an escape in it.
fn unquoted(value: &str) -> Option<&str> {
    let inside = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    let plain = !inside.is_empty() && !inside.contains(['"', '\\']);
    plain.then_some(inside)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";
    const STRANGER: &str = "198.51.100.7";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"];
        TrustedProxies::new(&networks.map(|network| network.parse().unwrap()))
    }

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> IpAddr {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        proxies().client_of(ip(peer), &map)
    }

    fn behind_proxy(value: &str) -> IpAddr {
        client(PROXY, &[("x-forwarded-for", value)])
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_sends() {
        for name in ["x-forwarded-for", "forwarded"] {
            for value in ["203.0.113.9", "for=203.0.113.9", "10.0.0.1", "nonsense"] {
                assert_eq!(client(STRANGER, &[(name, value)]), ip(STRANGER));
            }
        }
    }

    #[test]
    fn an_untrusted_peer_that_forwards_is_warned_about() {
        let proxies = proxies();
        let has_warned = |proxies: &TrustedProxies| proxies.has_warned.load(Ordering::Relaxed);
        let forwarded = headers_of(b"203.0.113.9", b"");
        proxies.client_of(ip(PROXY), &forwarded);
        proxies.client_of(ip(STRANGER), &HeaderMap::new());
        assert!(!has_warned(&proxies));
        proxies.client_of(ip(STRANGER), &forwarded);
        assert!(has_warned(&proxies));
    }

    #[test]
    fn the_last_address_that_is_no_proxys_counts() {
        for (value, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6,203.0.113.9,10.1.2.3 , 10.4.5.6", "203.0.113.9"),
            ("nonsense, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::7, 2001:db8:ffff::1", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ] {
            assert_eq!(behind_proxy(value), ip(expected), "{value}");
        }
    }

    #[test]
    fn where_all_are_proxies_the_farthest_is_the_client() {
        assert_eq!(behind_proxy("10.1.1.1, 10.2.2.2"), ip("10.1.1.1"));
        assert_eq!(client(PROXY, &[]), ip(PROXY));
    }

    #[test]
    fn what_is_no_address_leaves_the_peer() {
        for value in [
            "",
            ",",
            "unknown",
            "203.0.113.9, ",
            "203.0.113.9, nonsense",
            "203.0.113.9, nonsense, 10.0.0.2",
            "203.0.113.999",
            "203.0.113.9:99999",
            "[203.0.113.9]",
            "[2001:db8::7",
            "2001:db8::7]",
            "\"203.0.113.9\"",
            "203.0.113.9 6.6.6.6",
            "é",
        ] {
            assert_eq!(behind_proxy(value), ip(PROXY), "{value:?}");
        }
    }

    #[test]
    fn a_list_may_be_spread_over_several_headers() {
        let headers = [
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "203.0.113.9, 10.0.0.3"),
            ("x-forwarded-for", "10.0.0.2"),
        ];
        assert_eq!(client(PROXY, &headers), ip("203.0.113.9"));
    }

    #[test]
    fn forwarded_is_read_where_it_is_alone() {
        for (value, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            (
                "For=\"203.0.113.9:80\";proto=https;by=10.0.0.1",
                "203.0.113.9",
            ),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            (
                "for=6.6.6.6, for=203.0.113.9;host=a, for=10.0.0.2",
                "203.0.113.9",
            ),
        ] {
            assert_eq!(
                client(PROXY, &[("forwarded", value)]),
                ip(expected),
                "{value}"
            );
        }
        let both = [
            ("forwarded", "for=6.6.6.6"),
            ("x-forwarded-for", "203.0.113.9"),
        ];
        assert_eq!(client(PROXY, &both), ip("203.0.113.9"));
        let both = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "")];
        assert_eq!(client(PROXY, &both), ip(PROXY));
    }

    #[test]
    fn a_forwarded_that_is_hidden_or_broken_leaves_the_peer() {
        for value in [
            "",
            "203.0.113.9",
            "for",
            "for=",
            "for=\"\"",
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "for=203.0.113.9;for=6.6.6.6",
            "for=203.0.113.9;",
            "for=\"203.0.113.9",
            "for=203.0.113.9\"",
            "for=203.0.113.9;host=\"a, for=6.6.6.6\"",
            "for=203.0.113.9;host=\"a, for=6.6.6.6;a=\";proto=https",
            "for=203.0.113.9;host=\"a, for=6.6.6.6;a=\\\"b\"",
            "for=203.0.113.9;host=\"a, for=6.6.6.6;a=\\\"b\\\"\"",
        ] {
            assert_eq!(
                client(PROXY, &[("forwarded", value)]),
                ip(PROXY),
                "{value:?}"
            );
        }
    }

    #[test]
    fn a_header_that_is_no_text_leaves_the_peer() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"203.0.113.9\xff").unwrap();
        headers.insert(header::X_FORWARDED_FOR, value);
        assert_eq!(proxies().client_of(ip(PROXY), &headers), ip(PROXY));
    }

    /// Texts of headers: any that HTTP lets through, and such as are nearly right.
    fn header_text() -> impl Strategy<Value = Vec<u8>> {
        let any =
            proptest::collection::vec(prop_oneof![Just(b'\t'), 32_u8..=126, 128_u8..=255], 0..60);
        let near = "((for|by)=)?\"?\\[?(10\\.0\\.0\\.[0-9]|[0-9.:a-f]{1,12}|203\\.0\\.113\\.9)\\]?\"?(, |;|)";
        let near =
            proptest::collection::vec(near, 0..5).prop_map(|parts| parts.concat().into_bytes());
        prop_oneof![any, near]
    }

    fn headers_of(forwarded_for: &[u8], forwarded: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::X_FORWARDED_FOR, forwarded_for),
            (header::FORWARDED, forwarded),
        ] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_bytes(value).unwrap());
            }
        }
        headers
    }

    proptest! {
        #[test]
        fn no_header_lets_an_untrusted_peer_choose_its_address(
            one in header_text(),
            other in header_text(),
            peer in any::<IpAddr>(),
        ) {
            prop_assume!(!proxies().trust(peer.to_canonical()));
            let client = proxies().client_of(peer, &headers_of(&one, &other));
            prop_assert_eq!(client, peer.to_canonical());
        }

        #[test]
        fn what_a_client_sends_itself_changes_nothing_that_a_proxy_adds(
            sent in header_text(),
            real in any::<IpAddr>(),
        ) {
            let real = real.to_canonical();
            prop_assume!(!proxies().trust(real));
            let added = [&sent[..], format!(", {real}").as_bytes()].concat();
            prop_assert_eq!(proxies().client_of(ip(PROXY), &headers_of(&added, &sent)), real);
        }

        #[test]
        fn behind_forwarded_a_client_is_where_it_is_or_at_the_proxy(
            sent in header_text(),
            real in any::<Ipv4Addr>(),
        ) {
            let real = IpAddr::V4(real);
            prop_assume!(!proxies().trust(real));
            let added = [&sent[..], format!(", for={real};proto=https").as_bytes()].concat();
            let client = proxies().client_of(ip(PROXY), &headers_of(b"", &added));
            prop_assert!(client == real || client == ip(PROXY));
        }
    }
}
