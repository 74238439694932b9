#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod conversations;
mod people;
mod register;
mod rooms;

use std::{slice, sync::Arc};

use abu_application::{
    alumni::imports::{ImportError, Imports},
    identity::{ports::PasswordHasher, setup::SetupError},
    messaging::{messages::write_batch, ports::LockWait},
    platform::{
        lists::Seek,
        ports::{Clock, Ids, StoreError},
    },
    store::Store,
};
use abu_domain::identity::text::NewPassword;

use abu_generator::Generator;

use self::{people::People, rooms::DemoRooms};

/// Of every person of the demonstration.
pub const PASSWORD: &str = "kola-nuts-and-harmattan";

/// The person whose rooms show everything: unread messages, replies, reactions, an archived room.
pub const FIRST_EMAIL: &str = "amina.bello@demo.example.com";

/// The person who works for the alumni office.
pub const OFFICE_EMAIL: &str = "hauwa.aliyu@demo.example.com";

pub struct Demo {
    pub store: Arc<dyn Store>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub imports: Imports,
    /// Of the graduates in the register.
    pub generator: Generator,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    People(#[from] SetupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the register could not be imported: {0}")]
    Register(#[from] ImportError),
}

impl Demo {
    /// Idempotent: does nothing if the first person has an account. Blocks.
    pub fn fill(&self) -> Result<(), DemoError> {
        self.fill_rooms()?;
        self.fill_register()
    }

    /// Does nothing if there was an import.
    fn fill_register(&self) -> Result<(), DemoError> {
        let newest = Seek::After(None);
        let imports = self.store.read(|tx| tx.list_imports(newest, 1))?;
        if imports.is_empty() {
            let import = register::import(&self.imports, &self.generator)?;
            let (ids, now) = (&*self.ids, self.clock.now());
            self.store
                .transaction(|tx| register::claim(tx, import, &self.generator, ids, now))?;
        }
        Ok(())
    }

    fn fill_rooms(&self) -> Result<(), SetupError> {
        let now = self.clock.now();
        let first = people::email(0);
        let is_filled = self.store.read(|tx| tx.address_owner(&first, now))?;
        if is_filled.is_some() {
            return Ok(());
        }
        let password = NewPassword::parse(PASSWORD.into())
            .map_err(|violation| SetupError::Hashing(violation.rule.into()))?;
        let hash = self.hasher.hash(&password).map_err(SetupError::Hashing)?;
        let people = People::new(&*self.ids, now);
        let rooms = DemoRooms::new(&people, &*self.ids, now);
        let reactions = self.store.transaction(|tx| {
            people.insert(tx, &hash)?;
            rooms.insert(tx)?;
            let messages = conversations::messages(&rooms, &*self.ids, now);
            let mut stored = Vec::with_capacity(messages.len());
            // One by one: a reply needs its message stored before.
            for message in &messages {
                stored.extend(tx.store_messages(slice::from_ref(message))?);
            }
            rooms.finish(tx, now)?;
            Ok::<_, StoreError>(conversations::reactions(&rooms, &stored, now))
        })?;
        // They belong to stored messages. A failure here costs the demonstration its reactions only.
        write_batch(&*self.store, &[], &reactions, LockWait::Usual)?;
        Ok(())
    }
}
