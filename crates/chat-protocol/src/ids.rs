//! Opaque identifiers, a type each: a client keeps and returns their text without parsing it.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::Profile;

macro_rules! opaque_id {
    ($(#[doc = $doc:expr])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The identifier as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The UUID behind the text; `None` when the text is not one, which on a server means
            /// that nothing has this identifier.
            pub fn to_uuid(&self) -> Option<Uuid> {
                Uuid::try_parse(&self.0).ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id.to_string())
            }
        }

        /// Takes a UUID in any form, and keeps it in the hyphenated one that the server sends.
        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Uuid::try_parse(text).map(Self::from).map_err(ParseIdError)
            }
        }

        /// Takes any text; [`str::parse`] takes UUIDs alone.
        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl $crate::wire::Wire for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                input: D,
                reading: &mut $crate::wire::Reading,
            ) -> Result<Self, D::Error> {
                <String as $crate::wire::Wire>::read(input, reading).map(Self)
            }

            fn write<S: serde::Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
                output.serialize_str(&self.0)
            }

            #[cfg(feature = "schema")]
            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl_serde!($name);

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::schema::text(&[$($doc),*])
            }
        }
    };
}

/// The text of an identifier is not a UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError(uuid::Error);

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier must be a UUID")
    }
}

impl std::error::Error for ParseIdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

opaque_id! {
    /// What a room is known by: text to keep, compare and send back, not to look into.
    RoomId
}

opaque_id! {
    /// What a user is known by, as the sender of a message or a participant of the chat.
    UserId
}

opaque_id! {
    /// What a message is known by, in whatever room.
    MessageId
}

opaque_id! {
    /// What a session is known by: one connection of one user.
    SessionId
}

opaque_id! {
    /// What an in-app notification is known by.
    NotificationId
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn every_form_of_a_uuid_parses_to_the_id_that_the_server_sends() {
        let id = RoomId::from("5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11");
        for text in [
            "5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11",
            "5F0C8F0E-3A58-4D8E-9A55-0F2D8C1F7B11",
            "5f0c8f0e3a584d8e9a550f2d8c1f7b11",
            "urn:uuid:5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11",
        ] {
            assert_eq!(text.parse().as_ref(), Ok(&id), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_uuid_is_refused_with_the_reason() {
        for text in [
            "",
            "room123",
            " 5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b11",
            "5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b1",
            "5f0c8f0e-3a58-4d8e-9a55-0f2d8c1f7b1g",
        ] {
            let error = text.parse::<RoomId>().expect_err(text);
            assert_eq!(error.to_string(), "an identifier must be a UUID");
            assert!(error.source().is_some(), "{text}");
        }
    }
}
