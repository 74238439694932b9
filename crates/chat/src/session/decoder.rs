//! What a client's bytes mean, as plain data: WebSocket frames (RFC 6455), put together to messages.
//!
//! A payload is unmasked into its message as it arrives, so that nothing is kept twice, a length that
//! is merely announced takes no memory, and a mistake is found at the first byte that shows it.

use bytes::{Buf, Bytes};

use abu_chat_protocol::CloseCode;

/// The most bytes the payload of a ping, a pong or a close may have.
const MAX_CONTROL_BYTES: usize = 125;
/// The longest header: two bytes, eight of length, four of mask.
const MAX_HEADER_BYTES: usize = 14;

/// Something a client said, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close,
}

/// What ends a connection, as nothing can be read after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A frame that the protocol does not allow.
    Protocol,
    /// Text, or the reason of a close, that is not UTF-8.
    InvalidText,
    /// A message over the limit.
    TooBig,
}

impl From<Violation> for CloseCode {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::Protocol => Self::ProtocolError,
            Violation::InvalidText => Self::InvalidText,
            Violation::TooBig => Self::MessageTooBig,
        }
    }
}

/// Reads what one client sends. Holds no memory between messages.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_message_bytes: usize,
    /// What arrived and was not looked at yet.
    chunk: Bytes,
    /// The beginning of a header whose rest did not arrive yet.
    header: [u8; MAX_HEADER_BYTES],
    header_len: usize,
    /// The frame whose payload arrives.
    frame: Option<Frame>,
    /// The message whose frames arrive.
    message: Option<Message>,
    /// The payload of the control frame that arrives.
    control: Vec<u8>,
    /// After a close or a violation, what follows means nothing.
    ended: bool,
}

/// A frame whose payload arrives.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: Kind,
    last: bool,
    missing: usize,
    /// The mask, turned so that its first byte is the next one's.
    mask: [u8; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Data,
    Close,
    Ping,
    Pong,
}

/// A message whose frames arrive.
#[derive(Debug)]
struct Message {
    is_text: bool,
    payload: Vec<u8>,
    /// How much of a text's payload was found to be UTF-8.
    checked: usize,
}

impl Decoder {
    /// A message may have `max_message_bytes`, in however many frames.
    pub(crate) fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            chunk: Bytes::new(),
            header: [0; MAX_HEADER_BYTES],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
            ended: false,
        }
    }

    /// Takes what arrived. [`next`](Self::next) has to have said `None` before.
    pub(crate) fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "all of the last chunk was read");
        if !self.ended {
            self.chunk = chunk;
        }
    }

    /// What was said next, or `None` where more has to arrive first.
    pub(crate) fn next(&mut self) -> Option<Result<Received, Violation>> {
        let outcome = self.advance().transpose()?;
        if matches!(outcome, Err(_) | Ok(Received::Close)) {
            *self = Self {
                ended: true,
                ..Self::new(self.max_message_bytes)
            };
        }
        Some(outcome)
    }

    fn advance(&mut self) -> Result<Option<Received>, Violation> {
        while !self.ended {
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.read_header()? {
                    Some(frame) => frame,
                    None => break,
                },
            };
            let frame = self.read_payload(frame)?;
            if frame.missing > 0 {
                self.frame = Some(frame);
                break;
            }
            self.frame = None;
            if let Some(received) = self.finish(frame)? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// Reads a header, byte by byte where it arrives so, and refuses what it must not say as soon as
    /// the byte that says so is there.
    fn read_header(&mut self) -> Result<Option<Frame>, Violation> {
        if !self.read_header_up_to(2) {
            return Ok(None);
        }
        let [first, second, ..] = self.header;
        self.check_start(first, second)?;
        let length_bytes = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if !self.read_header_up_to(2 + length_bytes) {
            return Ok(None);
        }
        let length = match length_bytes {
            0 => u64::from(second & 0x7f),
            _ => self.header[2..2 + length_bytes]
                .iter()
                .fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        let opcode = first & 0x0f;
        let missing = self.check_length(opcode, length)?;
        let whole = 2 + length_bytes + 4;
        if !self.read_header_up_to(whole) {
            return Ok(None);
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.header[whole - 4..whole]);
        self.header_len = 0;
        if matches!(opcode, 1 | 2) {
            self.message = Some(Message::new(opcode == 1));
        }
        Ok(Some(Frame {
            kind: match opcode {
                8 => Kind::Close,
                9 => Kind::Ping,
                10 => Kind::Pong,
                _ => Kind::Data,
            },
            last: first & 0x80 != 0,
            missing,
            mask,
        }))
    }

    /// Whether so much of the header is there.
    fn read_header_up_to(&mut self, wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.header_len);
        let there = missing.min(self.chunk.len());
        self.chunk
            .copy_to_slice(&mut self.header[self.header_len..][..there]);
        self.header_len += there;
        there == missing
    }

    /// Checks what the first two bytes say but for the length.
    fn check_start(&self, first: u8, second: u8) -> Result<(), Violation> {
        let last = first & 0x80 != 0;
        let extended = first & 0x70 != 0;
        let masked = second & 0x80 != 0;
        let allowed = match first & 0x0f {
            0 => self.message.is_some(),
            1 | 2 => self.message.is_none(),
            8..=10 => last && usize::from(second & 0x7f) <= MAX_CONTROL_BYTES,
            _ => false,
        };
        if allowed && masked && !extended {
            Ok(())
        } else {
            Err(Violation::Protocol)
        }
    }

    fn check_length(&self, opcode: u8, length: u64) -> Result<usize, Violation> {
        if length > i64::MAX as u64 {
            return Err(Violation::Protocol);
        }
        let length = usize::try_from(length).map_err(|_| Violation::TooBig)?;
        let before = self.message.as_ref().map_or(0, |m| m.payload.len());
        let is_data = opcode < 8;
        if is_data && length > self.max_message_bytes.saturating_sub(before) {
            return Err(Violation::TooBig);
        }
        Ok(length)
    }

    /// Takes as much of the payload as there is.
    fn read_payload(&mut self, mut frame: Frame) -> Result<Frame, Violation> {
        let there = frame.missing.min(self.chunk.len());
        let piece = self.chunk.split_to(there);
        let message = match frame.kind {
            Kind::Data => self.message.as_mut(),
            _ => None,
        };
        let payload = match &message {
            Some(_) => None,
            None => Some(&mut self.control),
        };
        match (message, payload) {
            (Some(message), _) => {
                append_unmasked(&mut message.payload, &piece, frame.mask);
                let more_follows = !frame.last || there < frame.missing;
                if more_follows {
                    message.check_so_far()?;
                }
            }
            (None, Some(payload)) => append_unmasked(payload, &piece, frame.mask),
            (None, None) => {}
        }
        frame.missing -= there;
        frame.mask.rotate_left(there % 4);
        Ok(frame)
    }

    /// A frame is whole; says what was said with it.
    fn finish(&mut self, frame: Frame) -> Result<Option<Received>, Violation> {
        match frame.kind {
            Kind::Data if !frame.last => Ok(None),
            Kind::Data => self.message.take().map(Message::finish).transpose(),
            Kind::Ping => Ok(Some(Received::Ping(std::mem::take(&mut self.control)))),
            Kind::Pong => {
                self.control = Vec::new();
                Ok(Some(Received::Pong))
            }
            Kind::Close => {
                check_close(&self.control)?;
                Ok(Some(Received::Close))
            }
        }
    }
}
