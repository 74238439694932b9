//! The first bytes of a frame: read as they arrive, and refused as soon as one of them is wrong.

use bytes::{Buf, Bytes};

use super::Violation;

/// The most bytes the payload of a control frame may have.
const MAX_CONTROL_BYTES: u8 = 125;
/// The longest header: two bytes, eight of length, four of mask.
const MAX_HEADER_BYTES: usize = 14;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn parse(first: u8) -> Option<Self> {
        match first & 0x0f {
            0 => Some(Self::Continuation),
            1 => Some(Self::Text),
            2 => Some(Self::Binary),
            8 => Some(Self::Close),
            9 => Some(Self::Ping),
            10 => Some(Self::Pong),
            _ => None,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame whose header was read.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) opcode: Opcode,
    /// Whether its message ends with it.
    pub(super) is_last: bool,
    /// How much of its payload did not arrive yet.
    pub(super) missing: usize,
    /// The mask, turned so that it begins with the next byte's.
    pub(super) mask: [u8; 4],
    /// The payload, where it is no part of a message.
    pub(super) control: Vec<u8>,
}

/// The bytes of a header that have arrived so far.
#[derive(Debug, Default)]
pub(super) struct HeaderBytes {
    bytes: [u8; MAX_HEADER_BYTES],
    len: usize,
}

impl HeaderBytes {
    /// Reads a header from `chunk`, or as much of it as is there. `message` is the size of the message
    /// under way, if there is one, and `limit` what it may reach.
    pub(super) fn read(
        &mut self,
        chunk: &mut Bytes,
        message: Option<usize>,
        limit: usize,
    ) -> Result<Option<Frame>, Violation> {
        if !self.take_up_to(2, chunk) {
            return Ok(None);
        }
        let [first, second, ..] = self.bytes;
        let opcode = check_start(first, second, message.is_some())?;
        let mask_at = match second & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if !self.take_up_to(mask_at, chunk) {
            return Ok(None);
        }
        let missing = check_length(self.length(mask_at))?;
        if !opcode.is_control() && missing > limit.saturating_sub(message.unwrap_or(0)) {
            return Err(Violation::TooBig);
        }
        if !self.take_up_to(mask_at + 4, chunk) {
            return Ok(None);
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.bytes[mask_at..mask_at + 4]);
        self.len = 0;
        Ok(Some(Frame {
            opcode,
            is_last: first & 0x80 != 0,
            missing,
            mask,
            control: Vec::new(),
        }))
    }

    /// Takes what is missing to the first `wanted` bytes; says whether they are all there.
    fn take_up_to(&mut self, wanted: usize, chunk: &mut Bytes) -> bool {
        let there = wanted.saturating_sub(self.len).min(chunk.len());
        chunk.copy_to_slice(&mut self.bytes[self.len..self.len + there]);
        self.len += there;
        self.len >= wanted
    }

    /// The length of the payload, where the mask begins at `mask_at`. One in more bytes than it needs
    /// is taken: it says the same.
    fn length(&self, mask_at: usize) -> u64 {
        match &self.bytes[2..mask_at] {
            [] => u64::from(self.bytes[1] & 0x7f),
            bytes => bytes
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte)),
        }
    }
}

fn check_start(first: u8, second: u8, in_message: bool) -> Result<Opcode, Violation> {
    let opcode = Opcode::parse(first).ok_or(Violation::Protocol)?;
    let is_last = first & 0x80 != 0;
    let is_extended = first & 0x70 != 0;
    let is_masked = second & 0x80 != 0;
    let fits = match opcode {
        Opcode::Continuation => in_message,
        Opcode::Text | Opcode::Binary => !in_message,
        Opcode::Close | Opcode::Ping | Opcode::Pong => {
            is_last && second & 0x7f <= MAX_CONTROL_BYTES
        }
    };
    if fits && is_masked && !is_extended {
        Ok(opcode)
    } else {
        Err(Violation::Protocol)
    }
}

/// A length of 63 bits, as far as this machine can count.
fn check_length(length: u64) -> Result<usize, Violation> {
    if length >> 63 != 0 {
        return Err(Violation::Protocol);
    }
    usize::try_from(length).map_err(|_| Violation::TooBig)
}
