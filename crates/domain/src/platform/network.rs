//! Client networks: the prefix of an IP address that stands for a household, an office or a carrier.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// An IPv4 /24 or an IPv6 /48.
///
/// Data minimization: the prefix is what users recognize their sessions by and what failures are counted
/// by. The host part is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address. IPv4 inside IPv6 is IPv4.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Ipv4Addr::new(a, b, c, 0).into()
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
            }
        })
    }
}

/// The prefix in CIDR notation.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match self.0 {
            IpAddr::V4(_) => 24,
            IpAddr::V6(_) => 48,
        };
        write!(f, "{}/{length}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn only_the_network_prefix_of_an_address_is_kept() {
        for (address, shown) in [
            ("102.89.23.77", "102.89.23.0/24"),
            ("::ffff:102.89.23.77", "102.89.23.0/24"),
            ("2c0f:f5c0:1:2:3:4:5:6", "2c0f:f5c0:1::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(network(address).to_string(), shown);
        }
    }

    #[test]
    fn neighbors_are_in_one_network_and_others_are_not() {
        assert_eq!(network("192.0.2.1"), network("192.0.2.254"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::2"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
    }
}
