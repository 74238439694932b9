//! The application's ports to the chat of one process: the event bus and presence.

use std::{io, sync::Arc};

use abu_application::{
    identity::events::IdentityEvent,
    messaging::{
        events::Event,
        ports::{EventBus, Presence, Publication},
    },
    platform::ports::{Applied, Publish},
    store::Store,
};
use abu_domain::UserId;

use crate::{
    ChatSettings,
    bus::{Ack, Instruction, LocalBus, Requester},
    directory::Directory,
    instructions::{self, Route},
    submitted::Asker,
    users::Users,
};

/// Subscribes the workers of this process to the application's events.
///
/// An event that says everything goes to the workers. One that is a hint goes to the directory, which reads
/// again what it names and hands the workers what it found.
pub struct ChatHub {
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) directory: Directory,
    pub(crate) users: Arc<Users>,
}

impl ChatHub {
    /// # Errors
    /// Where the directory's thread cannot be started.
    pub fn start(store: &Arc<dyn Store>, settings: &ChatSettings) -> io::Result<Arc<Self>> {
        let bus = Arc::new(LocalBus::new(settings.worker_queue));
        Ok(Arc::new(Self {
            directory: Directory::start(Arc::clone(store), Arc::clone(&bus))?,
            users: Arc::new(Users::new(settings)),
            bus,
        }))
    }

    /// The instruction to the workers; `None` where the event went to the directory. `cause` is the session of
    /// this process that caused the event.
    pub(crate) fn instruction(
        &self,
        event: Event,
        cause: Option<Requester>,
    ) -> Option<Instruction> {
        match instructions::route(event, cause) {
            Route::Workers(instruction) => Some(instruction),
            Route::Directory(change) => {
                // The directory reads the change again whether or not this awaits it.
                drop(self.directory.refresh(change));
                None
            }
        }
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
        self.bus.publish_blocking(self.instructions(batch));
    }
}

impl Publish<Event> for ChatHub {
    fn publish(&self, event: Event) -> Applied {
        match instructions::route(event, None) {
            Route::Workers(instruction) => {
                let (handled, all_handled) = Ack::pair();
                let mark = Instruction::Mark { handled };
                self.bus.publish_blocking(vec![instruction, mark]);
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
