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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CursorCodec, Problem};

    const LIST: &str = "/api/v1/users?";

    fn through_a_cursor<P: Position>(seek: Seek<P>) -> Result<Seek<P>, Problem> {
        let codec = CursorCodec::new([7; 32]);
        let cursor = codec.encode(LIST, &WireSeek::from(seek.map(P::to_wire)))?;
        let back: WireSeek<P::Wire> = codec.decode(LIST, &cursor)?;
        Ok(Seek::from(back).map(P::from_wire))
    }

    proptest! {
        #[test]
        fn a_cursor_keeps_direction_and_position(
            micros in 0_i64..4_000_000_000_000_000, id: u128, backward: bool, at_an_end: bool
        ) {
            let position = TimePosition {
                at: DateTime::from_timestamp_micros(micros).unwrap(),
                id: UserId::new(Uuid::from_u128(id)),
            };
            let from = (!at_an_end).then_some(position);
            let seek = if backward { Seek::Before(from) } else { Seek::After(from) };
            prop_assert_eq!(through_a_cursor(seek).unwrap(), seek);
        }
    }

    #[test]
    fn a_cursor_of_another_kind_of_list_is_refused_even_if_it_is_ours() {
        let codec = CursorCodec::new([7; 32]);
        let cursor = codec.encode(LIST, &WireSeek::After(Some(7_i64))).unwrap();
        assert!(codec.decode::<WireSeek<Uuid>>(LIST, &cursor).is_err());
        assert!(codec.decode::<WireSeek<i64>>(LIST, &cursor).is_ok());
    }
}
