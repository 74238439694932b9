//! Rooms, members, messages, and the way into the chat.

mod chat;
mod dto;
mod invitations;
mod members;
mod messages;
mod problems;
mod rooms;
mod tickets;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(tickets::configure)
        .configure(rooms::configure)
        .configure(members::configure)
        .configure(invitations::configure)
        .configure(messages::configure);
}

pub(super) fn configure_chat(config: &mut ServiceConfig<'_>) {
    config.configure(chat::configure);
}
