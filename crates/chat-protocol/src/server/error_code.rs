use crate::wire::Word;

macro_rules! error_codes {
    ($( $(#[$meta:meta])* $name:ident = $code:literal, )*) => {
        /// What went wrong, for a program to act on. The set may grow; a client treats a code it does
        /// not know like [`Internal`](Self::Internal).
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $( $(#[$meta])* $name, )*
            /// A code that this crate does not know, kept as it came.
            Other(String),
        }

        impl ErrorCode {
            /// Every code this crate knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];

            /// The code as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$name => $code, )*
                    Self::Other(code) => code,
                }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(code: &str) -> Self {
                match code {
                    $( $code => Self::$name, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

error_codes! {
    /// The frame has not the shape that all packets have.
    MalformedPacket = "malformed-packet",
    /// The server knows no packet of this `type`.
    UnknownType = "unknown-type",
    /// A field breaks a rule; the message names both.
    InvalidPayload = "invalid-payload",
    /// The user is not a member of the room, or there is no such room: the two look the same.
    NotAMember = "not-a-member",
    /// The room is archived, or its members may only read.
    ReadOnlyRoom = "read-only-room",
    /// Too many packets in too short a time; `retry_after_ms` says how long to wait.
    RateLimited = "rate-limited",
    /// The other person cannot be written to.
    Blocked = "blocked",
    /// The server cannot do it just now, and nothing was stored: send it again.
    Unavailable = "unavailable",
    /// A fault of the server; `reference` finds it in the server's log.
    Internal = "internal",
}

impl Word for ErrorCode {
    const RULE: &'static str = "must be a string of valid Unicode";

    fn from_word(word: &str) -> Option<Self> {
        Some(word.into())
    }

    fn word(&self) -> &str {
        self.as_str()
    }
}
