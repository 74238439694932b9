//! Encoding of the generator's packets, and classification of the server's packets without parsing.

use std::{io::Write, num::NonZeroU64};

use abu_chat_protocol::{
    ClientPacket,
    client::{ChatJoin, ListMessageRequest, Order},
};

use crate::{
    codec::{self, Side},
    community,
    stamp::Stamp,
};

/// The kind of a server packet, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Joined,
    Left,
    Error,
    Page,
    Other,
}

impl Kind {
    #[inline]
    pub(crate) fn of(packet: &[u8]) -> Self {
        const TABLE: [(&[u8], Kind); 5] = [
            (br#"message-receive""#, Kind::Message),
            (br#"chat-join-notify""#, Kind::Joined),
            (br#"chat-leave""#, Kind::Left),
            (br#"error""#, Kind::Error),
            (br#"list-message-response""#, Kind::Page),
        ];
        let Some(name) = packet.strip_prefix(br#"{"type":""#) else {
            return Self::Other;
        };
        let found = TABLE.iter().find(|(kind, _)| name.starts_with(kind));
        found.map_or(Self::Other, |&(_, kind)| kind)
    }
}

/// The user number in a presence notice.
pub(crate) fn participant(notice: &[u8]) -> Option<u32> {
    const FIELD: &[u8] = br#""participant_id":""#;
    let start = memchr::memmem::find(notice, FIELD)? + FIELD.len();
    community::user_number(notice.get(start..start + 36)?)
}

/// Appends the frame of a `message-send`. Formats the JSON by hand, because thousands a second must be cheap.
/// `packet` is a scratch buffer.
pub(crate) fn write_message(
    stamp: &Stamp,
    text_length: usize,
    packet: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    packet.clear();
    packet.extend_from_slice(br#"{"type":"message-send","payload":{"message":""#);
    stamp.write(text_length, packet);
    let room = community::room_id(stamp.room);
    // Writing to a vector does not fail.
    let _ = write!(packet, r#"","room_id":"{room}"}}}}"#);
    codec::encode_text(packet, Side::Client, out);
}

/// Appends `chat-join` and a ping. The server processes a session's frames in order, so the pong confirms the
/// join.
pub(crate) fn write_join(out: &mut Vec<u8>) {
    write_packet(&ChatJoin::new().into(), out);
    codec::encode_ping(Side::Client, out);
}

/// Appends a request for `limit` messages of a room, newest first, after the newest `skip`.
pub(crate) fn write_page_request(room: u32, skip: u64, limit: NonZeroU64, out: &mut Vec<u8>) {
    let mut request = ListMessageRequest::new(community::room_id(room));
    request.limit = Some(limit);
    request.skip = Some(skip);
    request.order = Some(Order::Desc);
    write_packet(&request.into(), out);
}

fn write_packet(packet: &ClientPacket, out: &mut Vec<u8>) {
    codec::encode_text(packet.to_json().as_bytes(), Side::Client, out);
}

#[cfg(test)]
mod tests {
    use abu_chat_protocol::{
        ServerPacket,
        server::{ChatJoinNotify, ChatLeave, ListMessageResponse, MessageReceive},
    };
    use chrono::DateTime;

    use super::*;
    use crate::codec::Frame;

    #[test]
    fn a_message_is_the_packet_that_the_protocol_names() {
        let stamp = Stamp {
            room: 3,
            sender: 1,
            count: 9,
            due: 77,
        };
        let mut frame = Vec::new();
        write_message(&stamp, 80, &mut Vec::new(), &mut frame);
        let Ok(Some((Frame::Text(packet), _))) = codec::decode(&frame, Side::Client) else {
            panic!("no text frame");
        };
        assert_eq!(Stamp::find(packet, &mut 0), Some(stamp));
        let packet = ClientPacket::decode(std::str::from_utf8(packet).unwrap()).unwrap();
        let Some(ClientPacket::MessageSend(send)) = packet.known() else {
            panic!("no message-send");
        };
        assert_eq!(send.room_id.to_uuid(), Some(community::room_id(3)));
        assert_eq!(send.message.len(), 80);
    }

    #[test]
    fn the_kinds_are_those_that_the_protocol_writes() {
        let (room, user) = (community::room_id(1), community::user_id(2));
        let kinds: [(ServerPacket, Kind); 4] = [
            (ChatJoinNotify::new(user).into(), Kind::Joined),
            (ChatLeave::new(user).into(), Kind::Left),
            (ListMessageResponse::new(room, vec![], 0).into(), Kind::Page),
            (
                MessageReceive::new(room, user, "", DateTime::UNIX_EPOCH).into(),
                Kind::Message,
            ),
        ];
        for (packet, kind) in kinds {
            assert_eq!(Kind::of(packet.to_json().as_bytes()), kind);
        }
        for other in ["", "{}", r#"{"type":"err"#] {
            assert_eq!(Kind::of(other.as_bytes()), Kind::Other);
        }
    }

    #[test]
    fn a_notice_names_its_user() {
        let notice: ServerPacket = ChatJoinNotify::new(community::user_id(4_711)).into();
        assert_eq!(participant(notice.to_json().as_bytes()), Some(4_711));
        assert_eq!(participant(br#"{"participant_id":"4711"}"#), None);
    }
}
