//! Events of the messaging area, and those of identity that end connections. An event names what it concerns
//! by ids and holds no handle of a process, so that it can be serialized and applied elsewhere.

use abu_domain::{
    RoomId, UserId,
    messaging::{message::Message, room::RoomRole},
};
use serde::{Deserialize, Serialize};

use crate::{identity::events::IdentityEvent, messaging::messages::Changed};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    MessageStored {
        message: Message,
    },
    MessageChanged(Changed),
    ReadMarkMoved {
        room: RoomId,
        user: UserId,
        last_read_seq: i64,
        /// How large the fan-out to the whole room would be.
        member_count: i32,
    },
    /// A hint to read again which of these users are members, so hints may arrive in any order.
    MembershipChanged {
        room: RoomId,
        users: Vec<UserId>,
        /// Rather than removed. `by` is the actor of this alone, and not of a later change.
        added: bool,
        by: UserId,
    },
    /// A hint to read again which roles these members have; they were given these.
    RolesChanged {
        room: RoomId,
        roles: Vec<(UserId, RoomRole)>,
        /// None for the succession of a suspended owner.
        by: Option<UserId>,
    },
    UsersInvited {
        room: RoomId,
        users: Vec<UserId>,
        by: UserId,
    },
    /// A hint to read again whether the room is archived.
    RoomStateChanged {
        room: RoomId,
        by: UserId,
    },
    /// A hint to read the room's name again.
    RoomRenamed {
        room: RoomId,
        by: UserId,
    },
    /// A hint to read again in which direct rooms the user can be written to: an account was suspended or
    /// activated.
    StandingChanged {
        user: UserId,
    },
    TypingChanged {
        room: RoomId,
        user: UserId,
        is_typing: bool,
    },
    PresenceChanged {
        user: UserId,
        /// The rooms that the user shares with those whom it concerns.
        rooms: Vec<RoomId>,
        is_online: bool,
    },
    #[serde(untagged)]
    Identity(IdentityEvent),
}

impl From<IdentityEvent> for Event {
    fn from(event: IdentityEvent) -> Self {
        Self::Identity(event)
    }
}

#[cfg(test)]
mod tests {
    use abu_domain::{
        LoginSessionId, MessageId,
        messaging::text::{Emoji, MessageText},
    };
    use chrono::{DateTime, Utc};
    use proptest::{collection::vec, option, prelude::*};
    use uuid::Uuid;

    use super::*;
    use crate::messaging::messages::ChangedPart;

    fn id<T: From<Uuid> + std::fmt::Debug>() -> impl Strategy<Value = T> {
        any::<u128>().prop_map(|number| Uuid::from_u128(number).into())
    }

    /// Whole microseconds, as stored.
    fn time() -> impl Strategy<Value = DateTime<Utc>> {
        (0_i64..4_000_000_000_000_000)
            .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
    }

    prop_compose! {
        fn message()(
            ids in (id::<MessageId>(), id::<RoomId>(), id::<UserId>()),
            seq: i64,
            text in "\\PC{0,40}",
            client_message_id in option::of(id::<Uuid>()),
            reply_to in option::of(id::<MessageId>()),
            sent_at in time(),
            edited_at in option::of(time()),
            deleted_at in option::of(time()),
            revision: Option<i64>,
        ) -> Message {
            let (id, room_id, sender_id) = ids;
            Message {
                id,
                room_id,
                seq,
                sender_id,
                text: MessageText::from_storage(text),
                client_message_id,
                reply_to,
                sent_at,
                edited_at,
                deleted_at,
                revision,
            }
        }
    }

    fn part() -> impl Strategy<Value = ChangedPart> {
        let reactions = (id(), "\\PC{1,4}", any::<bool>(), any::<i64>());
        prop_oneof![
            Just(ChangedPart::Text),
            reactions.prop_map(|(user_id, emoji, is_added, count)| ChangedPart::Reactions {
                user_id,
                emoji: Emoji::from_storage(emoji),
                is_added,
                count,
            }),
        ]
    }

    fn role() -> impl Strategy<Value = RoomRole> {
        proptest::sample::select(RoomRole::ALL)
    }

    fn event() -> impl Strategy<Value = Event> {
        let users = || vec(id::<UserId>(), 0..4);
        prop_oneof![
            message().prop_map(|message| Event::MessageStored { message }),
            (message(), part())
                .prop_map(|(message, part)| Event::MessageChanged(Changed { message, part })),
            (id(), id(), any::<i64>(), any::<i32>()).prop_map(
                |(room, user, last_read_seq, member_count)| Event::ReadMarkMoved {
                    room,
                    user,
                    last_read_seq,
                    member_count,
                }
            ),
            (id(), users(), any::<bool>(), id()).prop_map(|(room, users, added, by)| {
                Event::MembershipChanged {
                    room,
                    users,
                    added,
                    by,
                }
            }),
            (id(), vec((id(), role()), 0..4), option::of(id()))
                .prop_map(|(room, roles, by)| Event::RolesChanged { room, roles, by }),
            (id(), users(), id()).prop_map(|(room, users, by)| Event::UsersInvited {
                room,
                users,
                by
            }),
            (id(), id()).prop_map(|(room, by)| Event::RoomStateChanged { room, by }),
            (id(), id()).prop_map(|(room, by)| Event::RoomRenamed { room, by }),
            id().prop_map(|user| Event::StandingChanged { user }),
            (id(), id(), any::<bool>()).prop_map(|(room, user, is_typing)| {
                Event::TypingChanged {
                    room,
                    user,
                    is_typing,
                }
            }),
            (id(), vec(id::<RoomId>(), 0..4), any::<bool>()).prop_map(
                |(user, rooms, is_online)| Event::PresenceChanged {
                    user,
                    rooms,
                    is_online,
                }
            ),
            id().prop_map(|user| IdentityEvent::AccountSuspended { user }.into()),
            (id(), vec(id::<LoginSessionId>(), 0..4)).prop_map(|(user, sessions)| {
                IdentityEvent::SessionsRevoked { user, sessions }.into()
            }),
        ]
    }

    proptest! {
        #[test]
        fn an_event_is_the_same_after_it_was_serialized(event in event()) {
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        }
    }

    #[test]
    fn every_event_names_its_type_whichever_area_publishes_it() {
        let user = UserId::new(Uuid::from_u128(1));
        let suspended = Event::from(IdentityEvent::AccountSuspended { user });
        let left = Event::PresenceChanged {
            user,
            rooms: Vec::new(),
            is_online: false,
        };
        for (event, name) in [(suspended, "account_suspended"), (left, "presence_changed")] {
            let json = serde_json::to_value(&event).unwrap();
            assert_eq!(json["type"], name);
            assert_eq!(json["user"], user.to_string());
        }
    }
}
