//! Echo bot: replies to each message with its text.
//!
//! `cargo run -p abu-chat-client --example echo_bot -- URL EMAIL PASSWORD`

use abu_chat_client::{Client, Event, LogIn, RequestError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, email, password] = &arguments[..] else {
        return Err("usage: echo_bot URL EMAIL PASSWORD".into());
    };
    let client = Client::builder(url).device_name("echo bot").build()?;
    let session = client.log_in(LogIn::new(email, password.as_str())).await?;
    let (chat, mut events) = session.connect().await?;
    while let Some(event) = events.next().await {
        let Event::Message(message) = event else {
            continue;
        };
        if Some(&message.sender_id) == session.user_id() {
            continue;
        }
        chat.typing(&message.room_id, true);
        match chat.reply(&message, message.text.as_str()).await {
            Err(RequestError::Ended(reason)) => return Err(reason.into()),
            Err(error) => log::warn!("not answered: {error}"),
            Ok(_) => {}
        }
    }
    Ok(())
}
