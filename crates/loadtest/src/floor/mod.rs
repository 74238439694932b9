//! Baseline servers ("floors"), which only broadcast messages.
//!
//! The same clients measure them in the same run, as an upper bound of the machine and the libraries. They have no
//! accounts, no database and no limits. The path `/chat?room=1&user=2` names room and user.

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

/// The room and the user of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    room: u32,
    user: u32,
}

impl Client {
    /// Parses `room=1&user=2`.
    fn parse(query: &str) -> Option<Self> {
        let (room, user) = query.split_once('&')?;
        Some(Self {
            room: room.strip_prefix("room=")?.parse().ok()?,
            user: user.strip_prefix("user=")?.parse().ok()?,
        })
    }

    /// The packet to broadcast when this client sends `packet`, if that is a message.
    fn say(self, packet: &str) -> Option<ServerPacket> {
        let ClientPacket::MessageSend(send) = ClientPacket::decode(packet).ok()?.known()? else {
            return None;
        };
        let sender = community::user_id(self.user);
        let now = DateTime::<Utc>::from(SystemTime::now());
        Some(MessageReceive::new(send.room_id, sender, send.message, now).into())
    }
}

/// Prints the address to standard output, for the parent process.
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
