//! Positions in the form in which cursors carry them.

use std::convert::identity;

use abu_application::{
    alumni::ports::{DirectoryPosition, DuePosition, Place},
    messaging::ports::RoomPosition,
    platform::lists::{Seek, TimePosition},
};
use abu_domain::{
    MailId, RecordId, UserId,
    alumni::directory::{Choice, Kind, Level},
};
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

impl Position for DuePosition {
    type Wire = (DateTime<Utc>, Uuid);

    fn to_wire(self) -> Self::Wire {
        (self.due_at, self.id.uuid())
    }

    fn from_wire((due_at, id): Self::Wire) -> Self {
        Self {
            due_at,
            id: id.into(),
        }
    }
}

/// Rank, name, id; kind and level of the plan; weights of the words.
impl Position for DirectoryPosition {
    type Wire = (i32, String, Uuid, u8, Option<u8>, Vec<u16>);

    fn to_wire(self) -> Self::Wire {
        let Self { place, choice } = self;
        let kind = match choice.kind {
            Kind::Ordered => 0,
            Kind::Ranked => 1,
            Kind::Common => 2,
        };
        let level = choice.level.map(Level::number);
        let user = place.user.uuid();
        (
            place.rank,
            place.name_key,
            user,
            kind,
            level,
            choice.weights,
        )
    }

    fn from_wire((rank, name_key, user, kind, level, weights): Self::Wire) -> Self {
        Self {
            place: Place {
                rank,
                name_key,
                user: user.into(),
            },
            choice: Choice {
                kind: match kind {
                    0 => Kind::Ordered,
                    1 => Kind::Ranked,
                    _ => Kind::Common,
                },
                level: level.and_then(Level::from_number),
                weights,
            },
        }
    }
}

impl Position for RoomPosition {
    type Wire = (bool, DateTime<Utc>, Uuid);

    fn to_wire(self) -> Self::Wire {
        (self.pinned, self.last_activity_at, self.id.uuid())
    }

    fn from_wire((pinned, last_activity_at, id): Self::Wire) -> Self {
        Self {
            pinned,
            last_activity_at,
            id: id.into(),
        }
    }
}

macro_rules! positions {
    ($($position:ty as $wire:ty: $to_wire:expr, $from_wire:expr;)*) => {$(
        impl Position for $position {
            type Wire = $wire;

            fn to_wire(self) -> $wire {
                $to_wire(self)
            }

            fn from_wire(wire: $wire) -> Self {
                $from_wire(wire)
            }
        }
    )*};
}

positions! {
    MailId as Uuid: MailId::uuid, MailId::new;
    UserId as Uuid: UserId::uuid, UserId::new;
    RecordId as Uuid: RecordId::uuid, RecordId::new;
    (RecordId, RecordId) as (Uuid, Uuid):
        |(left, right): Self| (left.uuid(), right.uuid()),
        |(left, right): (Uuid, Uuid)| (left.into(), right.into());
    i64 as i64: identity, identity;
    String as String: identity, identity;
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
