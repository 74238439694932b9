//! The application's events as instructions to the workers. Each makes one packet, which is encoded once for
//! each profile however many sessions get it.

use std::sync::Arc;

use abu_application::{identity::events::IdentityEvent, messaging::events::Event};
use abu_chat_protocol::{
    ServerPacket,
    server::{ChatJoinNotify, ChatLeave, TypingNotify},
};

use crate::{
    bus::{Instruction, Requester},
    directory::Change,
    frame::SharedPacket,
    packets,
};

/// In a larger room, only the reader's own sessions get a read mark: where thousands read one message,
/// the fan-out would be millions of packets that no client can show.
const MOST_TOLD_OF_READ_MARKS: i32 = 200;

/// Where an event goes.
pub(crate) enum Route {
    Workers(Instruction),
    Directory(Change),
}

/// The route of an event that a session of this process may have caused.
pub(crate) fn route(event: Event, cause: Option<Requester>) -> Route {
    Route::Workers(match event {
        Event::MessageStored { message } => Instruction::InRoom {
            room: message.room_id,
            requester: cause,
            packet: shared(packets::message_receive(&message, &[])),
        },
        Event::MessageChanged(changed) => Instruction::InRoom {
            room: changed.message.room_id,
            requester: cause,
            packet: shared(packets::changed(&changed)),
        },
        Event::ReadMarkMoved {
            room,
            user,
            last_read_seq,
            member_count,
        } => {
            let packet = shared(packets::read_mark(room, user, last_read_seq));
            match member_count > MOST_TOLD_OF_READ_MARKS {
                true => Instruction::ToUser {
                    user,
                    requester: cause,
                    packet,
                },
                false => Instruction::InRoom {
                    room,
                    requester: cause,
                    packet,
                },
            }
        }
        Event::TypingChanged {
            room,
            user,
            is_typing,
        } => Instruction::InRoomExcept {
            room,
            except: cause.map(|cause| cause.session),
            packet: shared(TypingNotify::new(room.uuid(), user.uuid(), is_typing)),
        },
        Event::PresenceChanged {
            user,
            rooms,
            is_online,
        } => Instruction::AroundUser {
            user,
            rooms,
            packet: match is_online {
                true => shared(ChatJoinNotify::new(user.uuid())),
                false => shared(ChatLeave::new(user.uuid())),
            },
        },
        Event::MembershipChanged { room, users, by } => {
            return Route::Directory(Change::Members { room, users, by });
        }
        Event::RolesChanged { room, users, by } => {
            return Route::Directory(Change::Roles { room, users, by });
        }
        Event::UsersInvited { room, users, by } => {
            return Route::Directory(Change::Invited { room, users, by });
        }
        Event::RoomStateChanged { room, by } => {
            return Route::Directory(Change::State { room, by });
        }
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

pub(crate) fn shared(packet: impl Into<ServerPacket>) -> Arc<SharedPacket> {
    Arc::new(SharedPacket::new(packet))
}
