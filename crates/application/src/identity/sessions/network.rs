use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Data minimization: keeps the network prefix (/24 or /48), by which users recognize their
/// sessions, and drops the host part.
pub(super) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_prefix_of_an_address_is_kept() {
        for (address, network) in [
            ("102.89.23.77", "102.89.23.0/24"),
            ("::ffff:102.89.23.77", "102.89.23.0/24"),
            ("2c0f:f5c0:1:2:3:4:5:6", "2c0f:f5c0:1::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()), network);
        }
    }
}
