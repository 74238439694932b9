//! Positions in the form in which cursors carry them.

use abu_application::platform::lists::{Seek, TimePosition};
use abu_domain::{MailId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Where an entry stands in its list.
pub(crate) trait Position: Sized {
    type Wire: Serialize + DeserializeOwned;

    fn to_wire(self) -> Self::Wire;

    fn from_wire(wire: Self::Wire) -> Self;
}

impl<Id: From<Uuid> + Into<Uuid>> Position for TimePosition<Id> {
    type Wire = (DateTime<Utc>, Uuid);

    fn to_wire(self) -> Self::Wire {
        (self.at, self.id.into())
    }

    fn from_wire((at, id): Self::Wire) -> Self {
        Self { at, id: id.into() }
    }
}

macro_rules! position_of_ids {
    ($($id:ty),*) => {$(
        impl Position for $id {
            type Wire = Uuid;

            fn to_wire(self) -> Uuid {
                self.uuid()
            }

            fn from_wire(id: Uuid) -> Self {
                Self::new(id)
            }
        }
    )*};
}

position_of_ids!(MailId, UserId);

impl Position for i64 {
    type Wire = Self;

    fn to_wire(self) -> Self {
        self
    }

    fn from_wire(place: Self) -> Self {
        place
    }
}

impl Position for String {
    type Wire = Self;

    fn to_wire(self) -> Self {
        self
    }

    fn from_wire(name: Self) -> Self {
        name
    }
}

/// Where a page lies, in the form in which a cursor says it: short names, for it travels with every
/// page.
#[derive(Serialize, Deserialize)]
pub(super) enum WireSeek<P> {
    #[serde(rename = "a")]
    After(Option<P>),
    #[serde(rename = "b")]
    Before(Option<P>),
}

impl<P> From<Seek<P>> for WireSeek<P> {
    fn from(seek: Seek<P>) -> Self {
        match seek {
            Seek::After(from) => Self::After(from),
            Seek::Before(from) => Self::Before(from),
        }
    }
}

impl<P> From<WireSeek<P>> for Seek<P> {
    fn from(seek: WireSeek<P>) -> Self {
        match seek {
            WireSeek::After(from) => Self::After(from),
            WireSeek::Before(from) => Self::Before(from),
        }
    }
}
