//! The stamp in a message's text: room, sender, count and due time. Its fixed width makes it cheap to read.

use memchr::memmem;

/// The start of a stamp. The quote opens the JSON string, so no other part of a packet matches.
const MARK: &[u8] = b"\"~";
const ROOM_DIGITS: usize = 5;
const SENDER_DIGITS: usize = 5;
const COUNT_DIGITS: usize = 8;
const TIME_DIGITS: usize = 16;
const DIGITS: usize = ROOM_DIGITS + SENDER_DIGITS + COUNT_DIGITS + TIME_DIGITS;

/// The length of the shortest text with a stamp, in characters.
pub(crate) const MIN_TEXT: usize = 1 + DIGITS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) room: u32,
    /// The sender's index among the members of the room.
    pub(crate) sender: u32,
    /// The number of this sender's message, from 0.
    pub(crate) count: u32,
    /// The due time, in nanoseconds of the generator's clock.
    pub(crate) due: u64,
}

impl Stamp {
    /// Appends a text of `length` characters, at least [`MIN_TEXT`].
    pub(crate) fn write(&self, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(MARK[1]);
        write_hex(self.room.into(), ROOM_DIGITS, out);
        write_hex(self.sender.into(), SENDER_DIGITS, out);
        write_hex(self.count.into(), COUNT_DIGITS, out);
        write_hex(self.due, TIME_DIGITS, out);
        out.resize((start + length).max(out.len()), b'.');
    }

    /// The stamp in a packet. `hint` is the offset of the last stamp, which packets of one kind share.
    #[inline]
    pub(crate) fn find(packet: &[u8], hint: &mut usize) -> Option<Self> {
        let at_hint = packet.get(*hint..).is_some_and(|at| at.starts_with(MARK));
        if !at_hint {
            *hint = memmem::find(packet, MARK)?;
        }
        Self::parse(packet.get(*hint + MARK.len()..)?.first_chunk()?)
    }

    fn parse(digits: &[u8; DIGITS]) -> Option<Self> {
        let (room, rest) = digits.split_at(ROOM_DIGITS);
        let (sender, rest) = rest.split_at(SENDER_DIGITS);
        let (count, due) = rest.split_at(COUNT_DIGITS);
        Some(Self {
            room: read_hex(room)? as u32,
            sender: read_hex(sender)? as u32,
            count: read_hex(count)? as u32,
            due: read_hex(due)?,
        })
    }
}

fn write_hex(value: u64, digits: usize, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |place: usize| HEX[(value >> (4 * place)) as usize & 0xF];
    out.extend((0..digits).rev().map(digit));
}

fn read_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, &digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        room: 0xFFFFF,
        sender: 7,
        count: u32::MAX,
        due: 123_456_789_012,
    };

    fn packet(stamp: &Stamp, length: usize) -> Vec<u8> {
        let mut packet = br#"{"type":"message-receive","payload":{"message":""#.to_vec();
        stamp.write(length, &mut packet);
        packet.extend_from_slice(br#""}}"#);
        packet
    }

    #[test]
    fn a_stamp_is_found_wherever_it_stands() {
        let packet = packet(&STAMP, 100);
        for mut hint in [0, 1, 47, 10_000] {
            assert_eq!(Stamp::find(&packet, &mut hint), Some(STAMP));
            assert_eq!(Stamp::find(&packet, &mut hint), Some(STAMP));
        }
    }

    #[test]
    fn a_text_has_the_length_asked_for() {
        for (asked, got) in [(0, MIN_TEXT), (MIN_TEXT, MIN_TEXT), (200, 200)] {
            let mut text = Vec::new();
            STAMP.write(asked, &mut text);
            assert_eq!(text.len(), got);
        }
    }

    #[test]
    fn text_without_a_stamp_gives_none() {
        for text in ["", "\"~", "\"~00", "\"~zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(Stamp::find(text.as_bytes(), &mut 0), None);
        }
    }
}
