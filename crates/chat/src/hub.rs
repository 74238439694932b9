//! The application's ports to the chat of one process: the event bus and presence.

use std::{io, sync::Arc, time::Instant};

use abu_application::{
    identity::events::IdentityEvent,
    messaging::{
        events::Event,
        ports::{EventBus, Presence, Publication},
    },
    platform::ports::{Applied, Publish},
    store::Store,
};
use abu_domain::{RoomId, UserId};

use crate::{
    ChatSettings,
    bus::{Ack, Instruction, LocalBus, Requester},
    directory::Directory,
    instructions::{self, Route},
    notices::{Due, Notices},
    submitted::Asker,
    typing::TypingNotice,
    users::Users,
    visibility::Visibility,
};

/// Subscribes the workers of this process to the application's events.
///
/// An event that says everything goes to the workers. One that is a hint goes to the directory, which reads
/// again what it names and hands the workers what it found.
pub struct ChatHub {
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) directory: Directory,
    pub(crate) users: Arc<Users>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) visibility: Visibility,
}

impl ChatHub {
    /// # Errors
    /// Where the directory's thread cannot be started.
    pub fn start(store: &Arc<dyn Store>, settings: &ChatSettings) -> io::Result<Arc<Self>> {
        let bus = Arc::new(LocalBus::new(settings.worker_queue));
        let visibility = Visibility {
            users: Arc::new(Users::new(settings)),
            notices: Arc::new(Notices::new(settings)),
        };
        let directory = Directory::start(Arc::clone(store), Arc::clone(&bus), visibility.clone())?;
        Ok(Arc::new(Self {
            bus,
            directory,
            users: Arc::clone(&visibility.users),
            notices: Arc::clone(&visibility.notices),
            visibility,
        }))
    }

    /// The instruction to the workers; `None` where the event went to the directory. `cause` is the session of
    /// this process that caused the event.
    pub(crate) fn instruction(
        &self,
        event: Event,
        cause: Option<Requester>,
    ) -> Option<Instruction> {
        if let Event::ReadMarkMoved {
            room,
            user,
            last_read_seq,
            member_count,
        } = event
            && instructions::receives_read_marks(member_count)
            && !self
                .notices
                .read_mark(user, room, last_read_seq, Instant::now())
        {
            // The others hear of it later; the session that asked has its answer at once.
            return Some(Instruction::Answer {
                requester: cause?,
                packet: Arc::new(instructions::read_mark_packet(room, user, last_read_seq)),
            });
        }
        match instructions::route(event, cause) {
            Route::Workers(instruction) => Some(instruction),
            Route::Directory(change) => {
                // The directory reads the change again whether or not this awaits it.
                drop(self.directory.refresh(change));
                None
            }
        }
    }

    /// A session began to type, types on, or stopped.
    pub(crate) fn typing(&self, change: TypingNotice, now: Instant) -> Option<Instruction> {
        let notice = self.notices.typing(change, now)?;
        self.typing_instruction(notice)
    }

    fn typing_instruction(&self, notice: TypingNotice) -> Option<Instruction> {
        let TypingNotice {
            user,
            room,
            is_typing,
            from,
        } = notice;
        let event = Event::TypingChanged {
            room,
            user,
            is_typing,
        };
        self.instruction(event, Some(from.into()))
    }

    /// Broadcasts what waited for its turn.
    pub(crate) fn due(&self, now: Instant) -> Vec<Instruction> {
        let due = self.notices.due(now).into_iter();
        due.flat_map(|due| match due {
            Due::Typing(notice) => self.typing_instruction(notice).into_iter().collect(),
            Due::Presence { user, by } => self.visibility.due(user, by),
            Due::Room(fact, packet) => vec![fact.instruction(packet)],
            Due::ReadMark {
                user,
                room,
                last_read_seq,
            } => vec![instructions::read_mark_in_room(
                room,
                user,
                last_read_seq,
                None,
            )],
        })
        .collect()
    }

    /// The messages' senders and rooms, if any user types at all.
    fn typists(&self, batch: &[Publication]) -> Vec<(UserId, RoomId)> {
        if !self.notices.has_typing_users() {
            return Vec::new();
        }
        let stored = batch.iter().filter_map(|publication| match publication {
            Publication::Event {
                event: Event::MessageStored { message },
                ..
            } => Some((message.sender_id, message.room_id)),
            _ => None,
        });
        stored.collect()
    }

    /// A message ends its sender's typing.
    fn end_typing(&self, senders: &[(UserId, RoomId)]) -> Vec<Instruction> {
        let now = Instant::now();
        let ended = senders.iter().filter_map(|(user, room)| {
            let notice = self.notices.sent(*user, *room, now)?;
            self.typing_instruction(notice)
        });
        ended.collect()
    }

    pub(crate) fn instructions(&self, batch: Vec<Publication>) -> Vec<Instruction> {
        let instructions = batch
            .into_iter()
            .filter_map(|publication| match publication {
                Publication::Event { event, receipt } => {
                    let asker = receipt.and_then(|receipt| receipt.redeem::<Asker>());
                    self.instruction(event, asker.map(|asker| asker.requester))
                }
                Publication::Answer { answer, receipt } => receipt.redeem::<Asker>()?.told(answer),
            });
        instructions.collect()
    }
}

impl EventBus for ChatHub {
    fn publish_batch(&self, batch: Vec<Publication>) {
        let senders = self.typists(&batch);
        let instructions = self.instructions(batch);
        self.bus.publish_blocking(|| {
            let mut all = self.end_typing(&senders);
            all.extend(instructions);
            all
        });
    }
}

impl Publish<Event> for ChatHub {
    fn publish(&self, event: Event) -> Applied {
        match instructions::route(event, None) {
            Route::Workers(instruction) => {
                let (handled, all_handled) = Ack::pair();
                let mark = Instruction::Mark { handled };
                self.bus.publish_blocking(|| vec![instruction, mark]);
                Box::pin(async move {
                    // Fails as it should, by the other end being dropped.
                    let _ = all_handled.await;
                })
            }
            Route::Directory(change) => Box::pin(self.directory.refresh(change)),
        }
    }
}

impl Publish<IdentityEvent> for ChatHub {
    fn publish(&self, event: IdentityEvent) -> Applied {
        self.publish(Event::from(event))
    }
}

impl Presence for ChatHub {
    fn online(&self, users: &[UserId]) -> Vec<bool> {
        self.users.online(users)
    }
}
