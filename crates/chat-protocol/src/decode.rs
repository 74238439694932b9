//! Frame decoding: the adjacently tagged envelope first, then the payload of the type it names.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use serde_json::value::RawValue;

use crate::wire::{Reading, Text, Wire};
use crate::{Profile, RequestRef};

/// A frame that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Decoded<P> {
    /// A packet of this protocol.
    #[non_exhaustive]
    Known {
        /// The packet.
        packet: P,
        /// What the sender calls it: a server sends it back with whatever answers the packet.
        request_ref: Option<RequestRef>,
    },
    /// A packet of a type this crate does not know for the direction. A server answers
    /// [`unknown-type`](crate::server::Error::unknown_type); a client ignores it.
    Unknown(UnknownPacket),
}

impl<P> Decoded<P> {
    /// The packet, where its type is known.
    pub fn known(self) -> Option<P> {
        match self {
            Self::Known { packet, .. } => Some(packet),
            Self::Unknown(_) => None,
        }
    }
}

/// A packet of an unknown type, kept as it came. `Debug` tells the length of the payload alone.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnknownPacket {
    /// The packet's `type`. The other side chose it: bound its length before showing it anywhere.
    pub name: String,
    /// The JSON text of the packet's `payload`; `None` when it is missing or `null`.
    pub payload: Option<String>,
    /// What the sender calls it, where that could be read.
    pub request_ref: Option<RequestRef>,
}

impl fmt::Debug for UnknownPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.payload.as_ref().map_or(0, String::len);
        f.debug_struct("UnknownPacket")
            .field("name", &self.name)
            .field("payload", &format_args!("{bytes} bytes"))
            .field("request_ref", &self.request_ref)
            .finish()
    }
}

/// A frame that is not a packet, or a packet whose payload breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The type of the packet, where it was readable and is known.
    pub request_type: Option<&'static str>,
    /// What the sender calls the packet, where it was readable.
    pub request_ref: Option<RequestRef>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a frame. Its `Display` is a sentence for the sender; it repeats nothing of
/// what the sender wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The frame has not the shape that all packets have.
    Malformed(Malformed),
    /// A field of the payload breaks a rule.
    #[non_exhaustive]
    InvalidPayload {
        /// The way from the payload to the field, with dots: `room_id`, `messages.3.timestamp`.
        field: String,
        /// What must hold, as the rest of a sentence that begins with the field.
        rule: &'static str,
    },
}

/// How a frame misses the shape that all packets have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Malformed {
    /// Not JSON, or JSON with an escape that stands for no character.
    NotJson,
    /// JSON, but not an object.
    NotAnObject,
    /// `type` or `payload` more than once.
    RepeatedField,
    /// `type` is missing or not a string.
    NoType,
    /// `payload` is missing or not an object.
    NoPayload,
    /// `ref` is not a string, or too long, or there more than once.
    BadRef,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "The packet is not valid JSON.",
            Self::NotAnObject => "The packet is not a JSON object.",
            Self::RepeatedField => "The packet has `type` or `payload` more than once.",
            Self::NoType => "The packet has no `type` that is a string.",
            Self::NoPayload => "The packet has no `payload` that is an object.",
            Self::BadRef => "The packet's `ref` is not one string of at most 64 characters.",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::InvalidPayload { field, rule } => write!(f, "`{field}` {rule}."),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for DecodeError {}

impl From<Malformed> for DecodeError {
    fn from(malformed: Malformed) -> Self {
        Self {
            request_type: None,
            request_ref: None,
            fault: Fault::Malformed(malformed),
        }
    }
}

/// A packet whose tag has been read and whose payload is still text.
pub(crate) struct Envelope<'a> {
    pub(crate) name: Cow<'a, str>,
    payload: Option<&'a str>,
    request_ref: Option<RequestRef>,
    profile: Profile,
}

/// The three parts of a packet, not looked into yet.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow, rename = "type")]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, rename = "ref")]
    request_ref: Option<&'a RawValue>,
}

/// To the first profile `ref` is a field like any that it does not know.
#[derive(Deserialize)]
struct OutlineV1<'a> {
    #[serde(borrow, rename = "type")]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Outline<'a> {
    fn read(profile: Profile, frame: &'a str) -> serde_json::Result<Self> {
        if profile >= Profile::V2 {
            return serde_json::from_str(frame);
        }
        let OutlineV1 { name, payload } = serde_json::from_str(frame)?;
        Ok(Self {
            name,
            payload,
            request_ref: None,
        })
    }
}

impl<'a> Envelope<'a> {
    pub(crate) fn read(profile: Profile, frame: &'a str) -> Result<Self, DecodeError> {
        if !is_object(frame.trim_start()) {
            return Err(match serde_json::from_str::<IgnoredAny>(frame) {
                Ok(_) => Malformed::NotAnObject.into(),
                Err(_) => Malformed::NotJson.into(),
            });
        }
        let outline = Outline::read(profile, frame).map_err(|error| {
            // Raw values take any JSON, so the one complaint about content is a repeated field.
            if !error.is_data() {
                Malformed::NotJson
            } else if Outline::read(Profile::V1, frame).is_ok() {
                Malformed::BadRef
            } else {
                Malformed::RepeatedField
            }
        })?;
        let request_ref = outline.request_ref.map(read_ref).transpose()?;
        let named = outline.name.ok_or(Malformed::NoType);
        let named = named.and_then(|name| {
            serde_json::from_str::<Text<'_>>(name.get()).map_err(|_| Malformed::NoType)
        });
        match named {
            Ok(Text(name)) => Ok(Self {
                name,
                payload: outline.payload.map(RawValue::get),
                request_ref,
                profile,
            }),
            Err(malformed) => Err(DecodeError {
                request_ref,
                ..malformed.into()
            }),
        }
    }

    /// Reads the payload of a packet of the known type `name`.
    pub(crate) fn read_payload<T: Wire>(&self, name: &'static str) -> Result<T, DecodeError> {
        let invalid = |fault| DecodeError {
            request_type: Some(name),
            request_ref: self.request_ref.clone(),
            fault,
        };
        let payload = self
            .payload
            .filter(|payload| is_object(payload))
            .ok_or_else(|| invalid(Fault::Malformed(Malformed::NoPayload)))?;
        let mut reading = Reading::new(self.profile);
        T::read(
            &mut serde_json::Deserializer::from_str(payload),
            &mut reading,
        )
        .map_err(|_| {
            invalid(match reading.into_broken_rule() {
                Some((field, rule)) => Fault::InvalidPayload { field, rule },
                // The payload's outline is known to be good: a field's name holds a bad escape.
                None => Fault::Malformed(Malformed::NotJson),
            })
        })
    }

    pub(crate) fn into_known<P>(self, packet: P) -> Decoded<P> {
        Decoded::Known {
            packet,
            request_ref: self.request_ref,
        }
    }

    pub(crate) fn into_unknown(self) -> UnknownPacket {
        UnknownPacket {
            name: self.name.into_owned(),
            payload: self.payload.map(str::to_owned),
            request_ref: self.request_ref,
        }
    }
}

/// Decodes a frame that is a value of a JSON document.
pub(crate) fn read_frame<'de, P, D: Deserializer<'de>>(
    input: D,
    decode: impl FnOnce(&str) -> Result<Decoded<P>, DecodeError>,
) -> Result<Decoded<P>, D::Error> {
    let frame = Box::<RawValue>::deserialize(input)?;
    decode(frame.get()).map_err(D::Error::custom)
}

fn read_ref(json: &RawValue) -> Result<RequestRef, Malformed> {
    serde_json::from_str::<Text<'_>>(json.get())
        .ok()
        .and_then(|Text(text)| RequestRef::new(text).ok())
        .ok_or(Malformed::BadRef)
}

fn is_object(json: &str) -> bool {
    json.starts_with('{')
}
