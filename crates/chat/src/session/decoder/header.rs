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
    /// One without a meaning.
    Reserved,
}

impl Opcode {
    fn of(first: u8) -> Self {
        match first & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => Self::Reserved,
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
    pub(super) missing: u64,
    /// The mask, turned so that it begins with the next byte's.
    pub(super) mask: [u8; 4],
    /// The payload, where it is no part of a message.
    pub(super) control: Vec<u8>,
}

impl Frame {
    /// Takes as much of the payload as there is.
    pub(super) fn take(&mut self, chunk: &mut Bytes) -> Bytes {
        // What is more than this machine can count is more than there is.
        let missing = usize::try_from(self.missing).unwrap_or(usize::MAX);
        let piece = chunk.split_to(missing.min(chunk.len()));
        self.missing -= piece.len() as u64;
        piece
    }
}

/// What a header is held against.
#[derive(Debug)]
pub(super) struct Rules {
    /// The bytes of the message under way, if there is one.
    pub(super) message_so_far: Option<usize>,
    pub(super) max_message: usize,
}

impl Rules {
    fn check_start(&self, first: u8, second: u8) -> Result<(), Violation> {
        let is_last = first & 0x80 != 0;
        let is_extended = first & 0x70 != 0;
        let is_masked = second & 0x80 != 0;
        let fits = match Opcode::of(first) {
            Opcode::Continuation => self.message_so_far.is_some(),
            Opcode::Text | Opcode::Binary => self.message_so_far.is_none(),
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                is_last && second & 0x7f <= MAX_CONTROL_BYTES
            }
            Opcode::Reserved => false,
        };
        if fits && is_masked && !is_extended {
            Ok(())
        } else {
            Err(Violation::Protocol)
        }
    }

    /// Control frames, which are no part of a message, have passed the first check only if short.
    fn check_length(&self, opcode: Opcode, length: u64) -> Result<(), Violation> {
        let so_far = self.message_so_far.unwrap_or(0);
        let left = self.max_message.saturating_sub(so_far);
        if length >> 63 != 0 {
            // A length has 63 bits.
            Err(Violation::Protocol)
        } else if !opcode.is_control() && length > left as u64 {
            Err(Violation::TooBig)
        } else {
            Ok(())
        }
    }
}

/// The bytes of a header that have arrived so far.
#[derive(Debug, Default)]
pub(super) struct HeaderBytes {
    bytes: [u8; MAX_HEADER_BYTES],
    len: usize,
}

impl HeaderBytes {
    /// Reads a header from `chunk`, or as much of it as is there.
    ///
    /// # Errors
    /// Where it breaks the rules. It can be read without them then.
    pub(super) fn read(
        &mut self,
        chunk: &mut Bytes,
        rules: Option<&Rules>,
    ) -> Result<Option<Frame>, Violation> {
        if !self.take_up_to(2, chunk) {
            return Ok(None);
        }
        let [first, second, ..] = self.bytes;
        if let Some(rules) = rules {
            rules.check_start(first, second)?;
        }
        let mask_at = match second & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if !self.take_up_to(mask_at, chunk) {
            return Ok(None);
        }
        let opcode = Opcode::of(first);
        let missing = self.length(mask_at);
        if let Some(rules) = rules {
            rules.check_length(opcode, missing)?;
        }
        let mask_len = if second & 0x80 != 0 { 4 } else { 0 };
        if !self.take_up_to(mask_at + mask_len, chunk) {
            return Ok(None);
        }
        let mut mask = [0; 4];
        mask[..mask_len].copy_from_slice(&self.bytes[mask_at..mask_at + mask_len]);
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
