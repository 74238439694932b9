use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address, without the part that names a machine: enough for its user to know where
/// a session was used, and no more than that is kept.
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
    fn of_an_address_only_the_network_is_left() {
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
