//! Servers that do nothing but hand messages on: what the machine and the libraries allow, measured
//! with the same clients in the same sitting. They know no accounts, no database and no limits; who a
//! client is and which room they are in stands in the path, `/chat?room=1&user=2`.

pub(crate) mod actix;
pub(crate) mod sockets;

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::SystemTime,
};

use abu_chat_protocol::{ClientPacket, ServerPacket, server::MessageReceive};
use chrono::{DateTime, Utc};

use crate::{community, target::listens_on};

/// Who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    room: u32,
    user: u32,
}

impl Client {
    /// From `room=1&user=2`.
    fn parse(query: &str) -> Option<Self> {
        let (room, user) = query.split_once('&')?;
        Some(Self {
            room: room.strip_prefix("room=")?.parse().ok()?,
            user: user.strip_prefix("user=")?.parse().ok()?,
        })
    }

    /// What everybody gets when this client sends `packet`, if it is a message.
    fn say(self, packet: &str) -> Option<ServerPacket> {
        let ClientPacket::MessageSend(send) = ClientPacket::decode(packet).ok()?.known()? else {
            return None;
        };
        let sender = community::user_id(self.user);
        let now = DateTime::<Utc>::from(SystemTime::now());
        Some(MessageReceive::new(send.room_id, sender, send.message, now).into())
    }
}

/// Tells whoever started the floor where it is.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", listens_on(address))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_names_room_and_user() {
        let client = Client { room: 3, user: 14 };
        assert_eq!(Client::parse("room=3&user=14"), Some(client));
        for other in ["", "room=3", "user=3&room=1", "room=x&user=1"] {
            assert_eq!(Client::parse(other), None);
        }
    }
}
