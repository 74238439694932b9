//! Protocol versions, negotiated as WebSocket sub-protocols (RFC 6455, 1.9).

/// An edition of the protocol, agreed on once when the connection opens.
///
/// One set of Rust types serves every profile. A newer profile may add optional fields and packets;
/// encoding for an older one leaves them out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The first edition, and what a client speaks that asks for nothing.
    #[default]
    V1,
    /// Messages that have an id and a place, can be edited, deleted, answered and reacted to; answers
    /// that name their request; a reconnect that loses nothing.
    V2,
}

impl Profile {
    /// Every profile this crate speaks, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1, Self::V2];

    /// The profile that leaves nothing out.
    pub const NEWEST: Self = Self::V2;

    /// The name of this profile in `Sec-WebSocket-Protocol`.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::V1 => "abu.chat.v1",
            Self::V2 => "abu.chat.v2",
        }
    }

    /// The profile with this sub-protocol name; names are compared letter by letter, as RFC 6455
    /// has it.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|profile| profile.subprotocol() == name)
    }

    /// Picks the newest profile offered, in whatever order they are.
    ///
    /// `header` is the value of the request's `Sec-WebSocket-Protocol` (several header lines joined
    /// with commas), `None` when there was none. Where nothing known is offered the session speaks
    /// [`Profile::V1`] and the answer must not carry the header.
    pub fn negotiate(header: Option<&str>) -> Negotiated {
        Self::negotiate_up_to(Self::NEWEST, header)
    }

    /// [`negotiate`](Self::negotiate) for a server that speaks no profile newer than `newest`.
    pub fn negotiate_up_to(newest: Self, header: Option<&str>) -> Negotiated {
        let chosen = header
            .into_iter()
            .flat_map(|offers| offers.split(','))
            .filter_map(|offer| Self::from_subprotocol(offer.trim()))
            .filter(|&profile| profile <= newest)
            .max();
        Negotiated {
            profile: chosen.unwrap_or_default(),
            subprotocol: chosen.map(Self::subprotocol),
        }
    }
}

/// What [`Profile::negotiate`] settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Negotiated {
    /// What the session speaks.
    pub profile: Profile,
    /// The value of `Sec-WebSocket-Protocol` in the answer; `None` means to send no such header.
    pub subprotocol: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_offers_nothing_speaks_v1_and_hears_no_subprotocol() {
        let negotiated = Profile::negotiate(None);
        assert_eq!(negotiated.profile, Profile::V1);
        assert_eq!(negotiated.subprotocol, None);
    }

    #[test]
    fn the_first_known_offer_wins_whatever_surrounds_it() {
        for offers in [
            "abu.chat.v1",
            "abu.chat.v99 ,\tabu.chat.v1, other",
            ",,abu.chat.v1",
        ] {
            let negotiated = Profile::negotiate(Some(offers));
            assert_eq!(negotiated.profile, Profile::V1);
            assert_eq!(negotiated.subprotocol, Some("abu.chat.v1"), "{offers}");
        }
    }

    #[test]
    fn the_newest_offer_wins_wherever_it_stands() {
        for offers in [
            "abu.chat.v1, abu.chat.v2",
            "abu.chat.v2,abu.chat.v1",
            "abu.chat.v2",
        ] {
            let negotiated = Profile::negotiate(Some(offers));
            assert_eq!(negotiated.profile, Profile::V2, "{offers}");
            assert_eq!(negotiated.subprotocol, Some("abu.chat.v2"), "{offers}");
        }
    }

    #[test]
    fn an_older_server_takes_what_it_speaks_and_echoes_nothing_else() {
        let both = Profile::negotiate_up_to(Profile::V1, Some("abu.chat.v2, abu.chat.v1"));
        assert_eq!(both.profile, Profile::V1);
        assert_eq!(both.subprotocol, Some("abu.chat.v1"));
        let newer_alone = Profile::negotiate_up_to(Profile::V1, Some("abu.chat.v2"));
        assert_eq!(newer_alone.profile, Profile::V1);
        assert_eq!(newer_alone.subprotocol, None);
    }

    #[test]
    fn unknown_offers_alone_are_not_echoed() {
        for offers in ["", "graphql-ws", "ABU.CHAT.V1", "abu.chat.v1x"] {
            let negotiated = Profile::negotiate(Some(offers));
            assert_eq!(negotiated.profile, Profile::V1);
            assert_eq!(negotiated.subprotocol, None, "{offers}");
        }
    }

    #[test]
    fn every_profile_is_found_by_its_own_name_and_the_newest_is_last() {
        for &profile in Profile::ALL {
            assert_eq!(
                Profile::from_subprotocol(profile.subprotocol()),
                Some(profile)
            );
        }
        assert_eq!(Profile::ALL.iter().max(), Some(&Profile::NEWEST));
    }
}
