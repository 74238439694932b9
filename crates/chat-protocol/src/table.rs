//! The table of all packets: wire name, type and direction of each, once.

use crate::client::*;
use crate::decode::{DecodeError, Decoded, Envelope};
use crate::encode::{to_text, write_packet};
use crate::profile::Profile;
use crate::server::*;

/// Which way a packet travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client to the server.
    ToServer,
    /// From the server to clients.
    ToClient,
}

/// One row of [`PACKETS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacketInfo {
    /// The packet's `type` on the wire.
    pub name: &'static str,
    /// Which way it travels.
    pub direction: Direction,
    /// A whole packet of this type, as JSON.
    pub example: &'static str,
}

macro_rules! packets {
    ($(
        $(#[$meta:meta])*
        $enum:ident, $direction:ident {
            $( $name:literal => $packet:ident, )*
        }
    )*) => {
        /// Every packet of the protocol.
        pub const PACKETS: &[PacketInfo] = &[ $($( PacketInfo {
            name: $name,
            direction: Direction::$direction,
            example: include_str!(concat!("../examples/packets/", $name, ".json")),
        }, )*)* ];

        $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $enum {
            $( #[doc = concat!("`", $name, "`")] $packet($packet), )*
        }

        impl $enum {
            /// The packet's `type` on the wire.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$packet(_) => $name, )* }
            }

            /// Reads one text frame. Fields that the packet does not have are ignored.
            ///
            /// # Errors
            ///
            /// The frame is not a packet, or its payload breaks a rule. A type that is not known
            /// is no error: see [`Decoded::Unknown`].
            pub fn decode(frame: &str) -> Result<Decoded<Self>, DecodeError> {
                let envelope = Envelope::read(frame)?;
                let packet = match &*envelope.name {
                    $( $name => Self::$packet(envelope.read_payload($name)?), )*
                    _ => return Ok(Decoded::Unknown(envelope.into_unknown())),
                };
                Ok(Decoded::Known { packet })
            }

            /// Appends the packet to `out` as JSON, as `profile` shows it.
            pub fn write_json(&self, profile: Profile, out: &mut Vec<u8>) {
                match self { $(
                    Self::$packet(payload) => write_packet($name, payload, profile, out),
                )* }
            }

            /// The packet as JSON, with everything it holds.
            pub fn to_json(&self) -> String {
                to_text(|out| self.write_json(Profile::NEWEST, out))
            }
        }

        $(
        impl $packet {
            /// The packet's `type` on the wire.
            pub const NAME: &'static str = $name;
        }

        impl From<$packet> for $enum {
            fn from(packet: $packet) -> Self {
                Self::$packet(packet)
            }
        }
        )*
        )*
    };
}

packets! {
    /// A packet that a client sends to the server.
    ClientPacket, ToServer {
        "message-send" => MessageSend,
        "chat-join" => ChatJoin,
        "typing" => Typing,
        "list-message-request" => ListMessageRequest,
    }

    /// A packet that the server sends to clients.
    ServerPacket, ToClient {
        "message-receive" => MessageReceive,
        "chat-join-notify" => ChatJoinNotify,
        "chat-leave" => ChatLeave,
        "typing-notify" => TypingNotify,
        "list-message-response" => ListMessageResponse,
        "error" => Error,
    }
}
