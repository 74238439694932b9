//! Identifiers as they travel: text that a client keeps and sends back, and never looks into.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! opaque_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
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
    };
}

opaque_id! {
    /// A room, as the wire names it.
    RoomId
}

opaque_id! {
    /// A user, as the wire names them: the sender of a message, or a participant of the chat.
    UserId
}
