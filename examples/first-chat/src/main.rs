//! Sends a greeting to the most recently active room, and prints its messages.
//!
//! `cargo run -- http://localhost:8080 amina@example.com samaru-campus-1`

use abu_chat_client::{Client, Event, LogIn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, email, password] = &arguments[..] else {
        return Err("usage: first-chat URL EMAIL PASSWORD".into());
    };
    let client = Client::builder(url).device_name("first-chat").build()?;
    let session = client.log_in(LogIn::new(email, password.as_str())).await?;
    let room = session.rooms().await?.into_iter().next();
    let room = room.ok_or("open a room first")?;

    let (chat, mut events) = session.connect().await?;
    for message in chat.history(&room.id, 10).await?.messages {
        println!("{:>5}  {}", message.seq, message.text);
    }
    chat.send(&room.id, "Hello from Rust!").await?;

    while let Some(event) = events.next().await {
        match event {
            Event::Message(message) if message.room_id == room.id => {
                println!("{:>5}  {}", message.seq, message.text);
            }
            Event::Reconnecting { cause, .. } => eprintln!("{cause}, coming back"),
            Event::Ended(reason) => eprintln!("{reason}"),
            _ => {}
        }
    }
    Ok(())
}
