//! Bridge: copies new messages between two rooms.
//!
//! `cargo run -p abu-chat-client --example bridge -- URL EMAIL PASSWORD ROOM ROOM`

use std::time::Duration;

use abu_chat_client::{
    Chat, Client, Event, LogIn, Message, MessageId, Outgoing, RequestError, RoomId, uuid::Uuid,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, email, password, one, other] = &arguments[..] else {
        return Err("usage: bridge URL EMAIL PASSWORD ROOM ROOM".into());
    };
    let rooms = [one, other].map(|room| RoomId::from(room.as_str()));
    let client = Client::builder(url).device_name("bridge").build()?;
    let session = client.log_in(LogIn::new(email, password.as_str())).await?;
    // Retries while the server is still starting.
    let (chat, mut events) = session.open(Vec::new());
    while let Some(event) = events.next().await {
        match event {
            Event::Message(message) if Some(&message.sender_id) != session.user_id() => {
                let to = match &message.room_id {
                    room if *room == rooms[0] => &rooms[1],
                    room if *room == rooms[1] => &rooms[0],
                    _ => continue,
                };
                carry(&chat, to, &message).await?;
            }
            Event::Reconnecting { delay, cause, .. } => log::info!("{cause}; back in {delay:?}"),
            Event::Ended(reason) => return Err(reason.into()),
            _ => {}
        }
    }
    Ok(())
}

/// The copy's id derives from the message's, so a repeated copy is stored once.
async fn carry(chat: &Chat, to: &RoomId, message: &Message) -> Result<(), RequestError> {
    let copy = Outgoing::new(message.text.as_str()).client_message_id(id_of_copy(&message.id));
    loop {
        match chat.send(to, copy.clone()).await {
            Err(RequestError::RateLimited { retry_after }) => tokio::time::sleep(retry_after).await,
            Err(RequestError::TimedOut | RequestError::Unavailable { .. }) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(RequestError::Ended(reason)) => return Err(reason.into()),
            Err(RequestError::OutcomeUnknown { refusal }) => {
                log::warn!("perhaps not carried: {refusal}");
                return Ok(());
            }
            Err(error) => {
                log::warn!("not carried: {error}");
                return Ok(());
            }
            Ok(_) => return Ok(()),
        }
    }
}

fn id_of_copy(id: &MessageId) -> Uuid {
    // The id of the original, with one bit flipped.
    let original = id.to_uuid().unwrap_or_else(Uuid::new_v4);
    Uuid::from_u128(original.as_u128() ^ 1)
}
