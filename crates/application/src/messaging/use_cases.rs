use std::{io, sync::Arc};

use super::{
    budget::MessageLimits,
    messages::Messaging,
    rooms::{RoomLimits, Rooms},
    tickets::ChatAccess,
    writer::WriterPolicy,
};
use crate::Context;

/// What the operator decides about rooms and messages.
pub struct Policies {
    pub rooms: RoomLimits,
    pub writer: WriterPolicy,
    /// What a user may send; `None` for no limit.
    pub limits: Option<MessageLimits>,
}

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub rooms: Rooms,
    pub messages: Messaging,
    pub tickets: ChatAccess,
}

impl UseCases {
    /// Fails where a thread that stores messages or read marks does not start.
    pub(crate) fn start(context: &Context, policies: Policies) -> io::Result<Self> {
        let messages = Messaging::start(context.clone(), policies.writer, policies.limits)?;
        Ok(Self {
            rooms: Rooms {
                context: context.clone(),
                limits: policies.rooms,
                read_marks: Arc::clone(&messages.read_marks),
            },
            messages,
            tickets: ChatAccess {
                context: context.clone(),
            },
        })
    }
}
