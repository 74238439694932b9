//! WebSocket close codes (RFC 6455, 7.4), with the reconnect policy of each.

/// What a client does after its connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reconnect {
    /// Connect again, waiting longer after each failure, with some randomness so that thousands of
    /// clients do not return in the same moment.
    WithBackoff,
    /// Get a fresh access token first, then connect.
    AfterNewToken,
    /// Stay away until the person does something.
    Never,
}

macro_rules! close_codes {
    ($( $(#[$meta:meta])* $name:ident = $code:literal, $reason:literal, $reconnect:ident; )*) => {
        /// The code in a WebSocket close frame. The numbers below 4000 mean what RFC 6455 says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CloseCode {
            $( $(#[$meta])* $name, )*
            /// Any other code. A client treats it like a lost connection.
            Other(u16),
        }

        impl CloseCode {
            /// Every code with a name.
            pub const NAMED: &'static [Self] = &[$(Self::$name),*];

            /// A short text for the close frame: plain ASCII, well under the 123 bytes a close frame
            /// has room for.
            pub fn reason(self) -> &'static str {
                match self {
                    $( Self::$name => $reason, )*
                    Self::Other(_) => "connection closed",
                }
            }

            /// What the client does next.
            pub fn reconnect(self) -> Reconnect {
                match self {
                    $( Self::$name => Reconnect::$reconnect, )*
                    Self::Other(_) => Reconnect::WithBackoff,
                }
            }
        }

        impl From<u16> for CloseCode {
            fn from(code: u16) -> Self {
                match code {
                    $( $code => Self::$name, )*
                    other => Self::Other(other),
                }
            }
        }

        impl From<CloseCode> for u16 {
            fn from(code: CloseCode) -> Self {
                match code {
                    $( CloseCode::$name => $code, )*
                    CloseCode::Other(other) => other,
                }
            }
        }
    };
}

close_codes! {
    /// The client said goodbye.
    Normal = 1000, "goodbye", Never;
    /// The server is closing, or cannot say whether this session's last message was stored.
    GoingAway = 1001, "going away", WithBackoff;
    /// A frame broke the WebSocket protocol itself.
    ProtocolError = 1002, "frame breaks the WebSocket protocol", WithBackoff;
    /// A binary frame: packets travel as text.
    UnsupportedData = 1003, "only text frames are accepted", WithBackoff;
    /// A text frame that is not UTF-8.
    InvalidText = 1007, "text is not valid UTF-8", WithBackoff;
    /// Too many errors, or over the rate limit for long.
    PolicyViolation = 1008, "too many errors", WithBackoff;
    /// A frame over the size limit. Sending it again ends the same way.
    MessageTooBig = 1009, "frame is too big", WithBackoff;
    /// The access token expired or was revoked.
    TokenExpired = 4001, "token expired or revoked", AfterNewToken;
    /// The client read more slowly than its rooms talk, and the server's queue for it ran full.
    SlowConsumer = 4002, "client reads too slowly", WithBackoff;
    /// The account was suspended.
    AccountSuspended = 4003, "account suspended", Never;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_survives_the_way_there_and_back() {
        for number in 0..=u16::MAX {
            assert_eq!(u16::from(CloseCode::from(number)), number);
        }
    }

    #[test]
    fn the_named_codes_have_their_numbers() {
        let numbers: Vec<u16> = CloseCode::NAMED.iter().map(|&code| code.into()).collect();
        assert_eq!(
            numbers,
            [1000, 1001, 1002, 1003, 1007, 1008, 1009, 4001, 4002, 4003]
        );
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        for code in CloseCode::NAMED {
            assert!(!code.reason().is_empty() && code.reason().len() <= 123);
            assert!(code.reason().is_ascii());
        }
    }

    #[test]
    fn a_client_stays_away_only_after_goodbye_and_suspension() {
        let stays_away: Vec<_> = CloseCode::NAMED
            .iter()
            .filter(|code| code.reconnect() == Reconnect::Never)
            .collect();
        assert_eq!(
            stays_away,
            [&CloseCode::Normal, &CloseCode::AccountSuspended]
        );
        assert_eq!(
            CloseCode::TokenExpired.reconnect(),
            Reconnect::AfterNewToken
        );
        assert_eq!(CloseCode::Other(1006).reconnect(), Reconnect::WithBackoff);
    }
}
