//! The application's events as instructions to the workers. Each makes one packet, which is encoded once for
//! each profile however many sessions get it.

use std::sync::Arc;

use abu_application::{
    identity::events::IdentityEvent,
    messaging::{
        events::Event,
        messages::{Changed, ChangedPart},
    },
};
use abu_chat_protocol::{
    ServerPacket,
    server::{ChatJoinNotify, ChatLeave, TypingNotify},
};

use abu_domain::{RoomId, UserId, messaging::message::Message};

use crate::{
    bus::{Instruction, Requester},
    directory::{Cause, Change},
    frame::SharedPacket,
    packets,
    roster::sorted,
    session::{Delivery, StateKey},
};

/// In a larger room, only the reader's own sessions get a read mark: where thousands read one message,
/// the fan-out would be millions of packets that no client can show.
const MOST_RECEIVERS_OF_READ_MARKS: i32 = 200;

/// Where an event goes.
pub(crate) enum Route {
    Workers(Instruction),
    Directory(Change),
}

/// The route of an event that a session of this process may have caused.
pub(crate) fn route(event: Event, cause: Option<Requester>) -> Route {
    Route::Workers(match event {
        Event::MessageStored { message } => message_stored(&message, cause),
        Event::MessageChanged(changed) => Instruction::InRoom {
            room: changed.message.room_id,
            requester: cause,
            packet: changed_packet(&changed),
        },
        Event::ReadMarkMoved {
            room,
            user,
            last_read_seq,
            member_count,
        } => match receives_read_marks(member_count) {
            true => read_mark_in_room(room, user, last_read_seq, cause),
            false => Instruction::ToUser {
                user,
                requester: cause,
                packet: Arc::new(read_mark_packet(room, user, last_read_seq)),
            },
        },
        Event::TypingChanged {
            room,
            user,
            is_typing,
        } => Instruction::InRoomExcept {
            room,
            except: cause.map(|cause| cause.session),
            packet: typing_packet(room, user, is_typing),
        },
        Event::PresenceChanged {
            user,
            rooms,
            is_online,
        } => Instruction::AroundUser {
            user,
            rooms: sorted(rooms.into_iter()),
            packet: Arc::new(presence_packet(user, is_online).heard_of(user)),
        },
        Event::MembershipChanged {
            room,
            users,
            added,
            by,
        } => {
            return Route::Directory(Change::Members {
                room,
                users,
                cause: Some(Cause { added, by }),
            });
        }
        Event::RolesChanged { room, roles, by } => {
            return Route::Directory(Change::Roles { room, roles, by });
        }
        Event::UsersInvited { room, users, by } => {
            return Route::Directory(Change::Invited { room, users, by });
        }
        Event::RoomStateChanged { room, by } => {
            return Route::Directory(Change::State { room, by });
        }
        Event::StandingChanged { user } => return Route::Directory(Change::Standing { user }),
        Event::RoomRenamed { room, by } => return Route::Directory(Change::Name { room, by }),
        Event::Identity(IdentityEvent::AccountSuspended { user }) => {
            return Route::Directory(Change::Account { user });
        }
        Event::Identity(IdentityEvent::SessionsRevoked { user, sessions }) => {
            let log_ins = sessions;
            return Route::Directory(Change::LogIns { user, log_ins });
        }
    })
}

fn message_stored(message: &Message, requester: Option<Requester>) -> Instruction {
    let room = message.room_id;
    let own = packets::message_receive(message, &[]);
    if own.client_message_id.is_none() {
        return Instruction::InRoom {
            room,
            requester,
            packet: shared(own),
        };
    }
    let mut packet = own.clone();
    packet.client_message_id = None;
    Instruction::Message {
        room,
        sender: message.sender_id,
        requester,
        own: shared(own),
        packet: shared(packet),
    }
}

/// Whether all members of a room of this size hear of read marks.
pub(crate) fn receives_read_marks(member_count: i32) -> bool {
    member_count <= MOST_RECEIVERS_OF_READ_MARKS
}

fn changed_packet(changed: &Changed) -> Arc<SharedPacket> {
    let packet = SharedPacket::new(packets::changed(changed));
    Arc::new(match &changed.part {
        ChangedPart::Reactions { user_id, .. } => packet.heard_of(*user_id),
        ChangedPart::Text => packet,
    })
}

pub(crate) fn read_mark_in_room(
    room: RoomId,
    user: UserId,
    last_read_seq: i64,
    requester: Option<Requester>,
) -> Instruction {
    Instruction::InRoom {
        room,
        requester,
        packet: Arc::new(read_mark_packet(room, user, last_read_seq).heard_of(user)),
    }
}

pub(crate) fn read_mark_packet(room: RoomId, user: UserId, last_read_seq: i64) -> SharedPacket {
    let delivery = Delivery::State(StateKey::ReadMark(room, user));
    SharedPacket::delivered(packets::read_mark(room, user, last_read_seq), delivery)
}

fn typing_packet(room: RoomId, user: UserId, is_typing: bool) -> Arc<SharedPacket> {
    let packet = TypingNotify::new(room.uuid(), user.uuid(), is_typing);
    Arc::new(SharedPacket::delivered(packet, Delivery::Droppable).heard_of(user))
}

pub(crate) fn presence_packet(user: UserId, is_online: bool) -> SharedPacket {
    let packet: ServerPacket = match is_online {
        true => ChatJoinNotify::new(user.uuid()).into(),
        false => ChatLeave::new(user.uuid()).into(),
    };
    SharedPacket::delivered(packet, Delivery::State(StateKey::Presence(user)))
}

/// A notice that others get of what the user did, or the server by itself.
pub(crate) fn heard_of(
    by: impl Into<Option<UserId>>,
    packet: impl Into<ServerPacket>,
) -> Arc<SharedPacket> {
    let packet = SharedPacket::new(packet);
    Arc::new(match by.into() {
        Some(user) => packet.heard_of(user),
        None => packet,
    })
}

pub(crate) fn shared(packet: impl Into<ServerPacket>) -> Arc<SharedPacket> {
    Arc::new(SharedPacket::new(packet))
}
