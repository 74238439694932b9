//! The registry of packets, and the enums made from it: wire name, type, profile and direction of each
//! packet, its answer and its errors.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::client::*;
use crate::decode::{DecodeError, Decoded, Envelope, read_frame};
use crate::encode::{Frame, append_json, to_text};
use crate::profile::Profile;
use crate::request_ref::RequestRef;
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
    /// The oldest profile that has it.
    pub since: Profile,
    /// A whole packet of this type, as JSON, with the fields of the profile that brought it.
    pub example: &'static str,
    /// The same with the fields that later profiles brought.
    pub newest_example: &'static str,
    /// The packet that answers this one when all goes well.
    pub answered_by: Option<&'static str>,
    /// The errors that may answer it, besides [`COMMON_ERRORS`](ErrorCode::COMMON).
    pub errors: &'static [ErrorCode],
}

impl PacketInfo {
    /// A whole packet of this type, with the fields that `profile` has.
    pub fn example_in(&self, profile: Profile) -> &'static str {
        if profile > self.since {
            self.newest_example
        } else {
            self.example
        }
    }
}

/// A row names the oldest profile that has the packet, and `grown` where a later one added fields to
/// it: such a packet has a second example in `examples/grown`. `answer` is what comes back when all
/// goes well, `errors` what else may.
macro_rules! packets {
    ($(
        $(#[doc = $doc:expr])*
        $enum:ident, $direction:ident {
            $(
                $name:literal => $packet:ident, $since:ident $(+ $grown:ident)?
                    $(, answer $answer:ident)? $(, errors [$($error:ident)*])?;
            )*
        }
    )*) => {
        /// Every packet of the protocol.
        pub const PACKETS: &[PacketInfo] = &[ $($( PacketInfo {
            name: $name,
            direction: Direction::$direction,
            since: Profile::$since,
            example: packets!(@example $name),
            newest_example: packets!(@example $name $(, $grown)?),
            answered_by: packets!(@option $($answer::NAME)?),
            errors: &[$($(ErrorCode::$error),*)?],
        }, )*)* ];

        /// The type of each packet's payload, in the order of [`PACKETS`].
        #[cfg(feature = "schema")]
        pub(crate) const PAYLOADS: &[fn(&mut schemars::SchemaGenerator) -> schemars::Schema] =
            &[ $($( <$packet as crate::wire::Wire>::schema, )*)* ];

        $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $enum {
            $( #[doc = concat!("`", $name, "`")] $packet($packet), )*
        }

        impl $enum {
            /// The packet's `type` on the wire.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$packet(_) => $name, )* }
            }

            /// The oldest profile that has this packet.
            pub fn since(&self) -> Profile {
                match self { $( Self::$packet(_) => Profile::$since, )* }
            }

            /// Whether a session that speaks `profile` knows this packet.
            pub fn visible_to(&self, profile: Profile) -> bool {
                profile >= self.since()
            }

            /// Reads one text frame with everything the newest profile has. Fields that the packet
            /// does not have are ignored.
            ///
            /// # Errors
            ///
            /// The frame is not a packet, or its payload breaks a rule. A type that is not known
            /// is no error: see [`Decoded::Unknown`].
            pub fn decode(frame: &str) -> Result<Decoded<Self>, DecodeError> {
                Self::decode_as(Profile::NEWEST, frame)
            }

            /// Reads one text frame as a session does that speaks `profile`: what only a newer one
            /// has is a type that is not known, or a field that is ignored.
            ///
            /// # Errors
            ///
            /// As [`decode`](Self::decode).
            pub fn decode_as(
                profile: Profile,
                frame: &str,
            ) -> Result<Decoded<Self>, DecodeError> {
                let envelope = Envelope::read(profile, frame)?;
                let packet = match &*envelope.name {
                    $( $name if profile >= Profile::$since => {
                        Self::$packet(envelope.read_payload($name)?)
                    } )*
                    _ => return Ok(Decoded::Unknown(envelope.into_unknown())),
                };
                Ok(envelope.into_known(packet))
            }

            /// Appends the packet to `out` as JSON, as `profile` shows it; nothing where the
            /// packet is not [visible to](Self::visible_to) it.
            pub fn write_json(&self, profile: Profile, out: &mut Vec<u8>) {
                self.write_json_with_ref(None, profile, out);
            }

            /// The same with the sender's name for the request: of this packet, or of the one it
            /// answers. A profile that has no `ref` is not shown it.
            pub fn write_json_with_ref(
                &self,
                request_ref: Option<&RequestRef>,
                profile: Profile,
                out: &mut Vec<u8>,
            ) {
                if self.visible_to(profile) {
                    append_json(out, |output| self.write(request_ref, profile, output));
                }
            }

            fn write<S: Serializer>(
                &self,
                request_ref: Option<&RequestRef>,
                profile: Profile,
                output: S,
            ) -> Result<S::Ok, S::Error> {
                match self { $(
                    Self::$packet(payload) => {
                        Frame::new($name, request_ref, payload, profile).serialize(output)
                    }
                )* }
            }

            /// The packet as JSON, with everything it holds.
            pub fn to_json(&self) -> String {
                to_text(|out| self.write_json(Profile::NEWEST, out))
            }

            /// The same with the sender's name for the request.
            pub fn to_json_with_ref(&self, request_ref: &RequestRef) -> String {
                to_text(|out| {
                    self.write_json_with_ref(Some(request_ref), Profile::NEWEST, out);
                })
            }
        }

        /// The frame that [`to_json`](Self::to_json) gives. Unlike `Debug` it hides nothing: not what
        /// people say, and not the access token of a [`TokenRenew`].
        impl Serialize for $enum {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                self.write(None, Profile::NEWEST, output)
            }
        }

        /// Reads what [`decode`](Self::decode) reads, and drops the `ref`. A packet of an unknown
        /// type is an error here; [`Decoded`] keeps it.
        ///
        /// Works with serde_json alone, and not inside `#[serde(flatten)]` or an untagged enum: the
        /// decoder reads the frame's own text.
        impl<'de> Deserialize<'de> for $enum {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let packet = Decoded::deserialize(input)?.known();
                packet.ok_or_else(|| D::Error::custom("The packet is of an unknown type."))
            }
        }

        /// Reads what `decode` of the packets reads: a packet of an unknown type is no error.
        impl<'de> Deserialize<'de> for Decoded<$enum> {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                read_frame(input, $enum::decode)
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
    (@example $name:literal) => {
        include_str!(concat!("../examples/packets/", $name, ".json"))
    };
    (@example $name:literal, grown) => {
        include_str!(concat!("../examples/grown/", $name, ".json"))
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
}

packets! {
    /// A packet that a client sends to the server.
    ClientPacket, ToServer {
        "message-send" => MessageSend, V1 + grown, answer MessageReceive,
            errors [NotAMember ReadOnlyRoom Blocked Conflict NotFound];
        "chat-join" => ChatJoin, V1;
        "typing" => Typing, V1, errors [NotAMember ReadOnlyRoom];
        "list-message-request" => ListMessageRequest, V1, answer ListMessageResponse,
            errors [NotAMember];
        "message-edit" => MessageEdit, V2, answer MessageUpdated,
            errors [NotAMember ReadOnlyRoom Blocked NotFound Forbidden TooLate];
        "message-delete" => MessageDelete, V2, answer MessageUpdated,
            errors [NotAMember ReadOnlyRoom NotFound Forbidden TooLate];
        "reaction-add" => ReactionAdd, V2, answer ReactionNotify,
            errors [NotAMember ReadOnlyRoom Blocked NotFound];
        "reaction-remove" => ReactionRemove, V2, answer ReactionNotify,
            errors [NotAMember ReadOnlyRoom NotFound];
        "read-mark" => ReadMark, V2, answer ReadNotify, errors [NotAMember];
        "sync-request" => SyncRequest, V2, answer SyncResponse;
        "presence-request" => PresenceRequest, V2, answer PresenceResponse, errors [NotAMember];
        "token-renew" => TokenRenew, V2, answer TokenRenewed;
    }

    /// A packet that the server sends to clients.
    ServerPacket, ToClient {
        "message-receive" => MessageReceive, V1 + grown;
        "chat-join-notify" => ChatJoinNotify, V1;
        "chat-leave" => ChatLeave, V1;
        "typing-notify" => TypingNotify, V1;
        "list-message-response" => ListMessageResponse, V1 + grown;
        "error" => Error, V1;
        "welcome" => Welcome, V2;
        "message-updated" => MessageUpdated, V2;
        "reaction-notify" => ReactionNotify, V2;
        "read-notify" => ReadNotify, V2;
        "sync-response" => SyncResponse, V2;
        "presence-response" => PresenceResponse, V2;
        "room-notify" => RoomNotify, V2;
        "member-notify" => MemberNotify, V2;
        "notification" => Notification, V2;
        "token-expiring" => TokenExpiring, V2;
        "token-renewed" => TokenRenewed, V2;
        "server-closing" => ServerClosing, V2;
    }
}
