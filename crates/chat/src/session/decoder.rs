//! What a client's bytes mean, as plain data: WebSocket frames (RFC 6455), put together to messages.
//!
//! A payload is unmasked into its message as it arrives. So nothing is kept twice, a length that was
//! merely announced takes no memory, and a mistake ends the connection at the first byte that shows
//! it.

mod header;

use abu_chat_protocol::CloseCode;
use bytes::Bytes;

use self::header::{Frame, HeaderBytes, Opcode, Rules};

/// Something a client said, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    /// A fragment that adds nothing to its message.
    EmptyFragment,
    Close,
}

/// A mistake of the client's that ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A frame that the protocol does not allow.
    Protocol,
    /// Text, or the reason of a close, that is not UTF-8.
    InvalidText,
    /// A message over the limit.
    TooBig,
    /// A message in more fragments than allowed.
    TooManyFragments,
}

impl From<Violation> for CloseCode {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::Protocol => Self::ProtocolError,
            Violation::InvalidText => Self::InvalidText,
            Violation::TooBig => Self::MessageTooBig,
            Violation::TooManyFragments => Self::PolicyViolation,
        }
    }
}

/// How many messages of the largest size may still be on their way when the server closes.
const MESSAGES_IN_FLIGHT: usize = 4;

/// The bounds of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageBounds {
    pub(crate) bytes: usize,
    pub(crate) fragments: u32,
}

/// Reads what one client sends. Between messages it holds no memory of its own.
#[derive(Debug)]
pub(crate) struct Decoder {
    bounds: MessageBounds,
    phase: Phase,
    /// What arrived and was not looked at yet.
    chunk: Bytes,
    header: HeaderBytes,
    /// The frame whose payload arrives.
    frame: Option<Frame>,
    /// The message whose frames arrive.
    message: Option<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reading,
    /// Once the server closes, nothing counts but the close that the client answers with. Until then the
    /// decoder takes what is still on its way, but no more than these bytes.
    AwaitingClose {
        left: usize,
    },
    Ended,
}

impl Decoder {
    pub(crate) fn new(bounds: MessageBounds) -> Self {
        Self {
            bounds,
            phase: Phase::Reading,
            chunk: Bytes::new(),
            header: HeaderBytes::default(),
            frame: None,
            message: None,
        }
    }

    /// Takes what arrived, once [`decode`](Self::decode) needs more.
    pub(crate) fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "the last chunk was read to its end");
        if let Phase::AwaitingClose { left } = &mut self.phase {
            *left = left.saturating_sub(chunk.len());
        }
        self.chunk = chunk;
    }

    /// Ignores whatever comes but a close: the server has closed.
    pub(crate) fn await_close(&mut self) {
        if self.phase == Phase::Reading {
            self.phase = Phase::AwaitingClose {
                left: MESSAGES_IN_FLIGHT * self.bounds.bytes,
            };
            self.message = None;
        }
    }

    /// What was said next, or `None` where more has to arrive first. Nothing follows a close.
    ///
    /// # Errors
    /// [`Violation`]. It comes once, and nothing but a close follows it.
    pub(crate) fn decode(&mut self) -> Result<Option<Received>, Violation> {
        let outcome = match self.phase {
            Phase::Reading => self.advance(),
            // A client that sends on and on is treated as if it had closed.
            Phase::AwaitingClose { left: 0 } => Ok(Some(Received::Close)),
            Phase::AwaitingClose { .. } => Ok(self.skip_to_close()),
            Phase::Ended => Ok(None),
        };
        match outcome {
            // An empty chunk would still hold on to the connection's read buffer.
            Ok(None) => self.chunk = Bytes::new(),
            Ok(Some(Received::Close)) => self.phase = Phase::Ended,
            Ok(Some(_)) => {}
            Err(_) => self.await_close(),
        }
        outcome
    }

    fn advance(&mut self) -> Result<Option<Received>, Violation> {
        while let Some(mut frame) = self.frame_under_way()? {
            let outcome = self.read_payload(&mut frame);
            let is_whole = frame.missing == 0;
            if !is_whole || outcome.is_err() {
                self.frame = Some(frame);
            }
            match outcome? {
                Some(received) => return Ok(Some(received)),
                None if is_whole => {}
                None => break,
            }
        }
        Ok(None)
    }

    /// The frame whose payload comes next, if so much has arrived.
    fn frame_under_way(&mut self) -> Result<Option<Frame>, Violation> {
        if let Some(frame) = self.frame.take() {
            return Ok(Some(frame));
        }
        let rules = Rules {
            message_so_far: self.message.as_ref().map(|message| message.payload.len()),
            max_message: self.bounds.bytes,
        };
        let Some(frame) = self.header.read(&mut self.chunk, Some(&rules))? else {
            return Ok(None);
        };
        if let Opcode::Text | Opcode::Binary = frame.opcode {
            self.message = Some(Message::new(frame.opcode == Opcode::Text));
        }
        if !frame.opcode.is_control()
            && let Some(message) = &mut self.message
        {
            message.fragments += 1;
            if message.fragments > self.bounds.fragments {
                self.frame = Some(frame);
                return Err(Violation::TooManyFragments);
            }
        }
        Ok(Some(frame))
    }

    /// Takes as much of the payload as has arrived, and says what was said if that is all.
    fn read_payload(&mut self, frame: &mut Frame) -> Result<Option<Received>, Violation> {
        let adds_nothing = frame.opcode == Opcode::Continuation && frame.missing == 0;
        let piece = frame.take(&mut self.chunk);
        let payload = match &mut self.message {
            Some(message) if !frame.opcode.is_control() => &mut message.payload,
            _ => &mut frame.control,
        };
        let start = payload.len();
        payload.extend_from_slice(&piece);
        unmask(&mut payload[start..], frame.mask);
        frame.mask.rotate_left(piece.len() % 4);
        if frame.missing == 0 && frame.is_last {
            return self.finish(frame);
        }
        if adds_nothing {
            return Ok(Some(Received::EmptyFragment));
        }
        // A message that comes in one piece is checked once it is there.
        self.message
            .as_mut()
            .map_or(Ok(()), Message::check_so_far)
            .map(|()| None)
    }

    /// What is said with a frame that is whole, and its message with it.
    fn finish(&mut self, frame: &mut Frame) -> Result<Option<Received>, Violation> {
        match frame.opcode {
            Opcode::Ping => Ok(Some(Received::Ping(std::mem::take(&mut frame.control)))),
            Opcode::Pong => Ok(Some(Received::Pong)),
            Opcode::Close => check_close(&frame.control).map(|()| Some(Received::Close)),
            Opcode::Continuation | Opcode::Text | Opcode::Binary | Opcode::Reserved => {
                self.message.take().map(Message::finish).transpose()
            }
        }
    }

    /// Throws frames away, whatever they say, up to a close.
    fn skip_to_close(&mut self) -> Option<Received> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => self.header.read(&mut self.chunk, None).ok().flatten()?,
            };
            frame.take(&mut self.chunk);
            if frame.missing > 0 {
                self.frame = Some(frame);
                return None;
            }
            if frame.opcode == Opcode::Close {
                return Some(Received::Close);
            }
        }
    }
}

/// A message whose frames arrive.
#[derive(Debug)]
struct Message {
    is_text: bool,
    payload: Vec<u8>,
    fragments: u32,
    /// How much of a text's payload is known to be UTF-8.
    checked: usize,
}

impl Message {
    fn new(is_text: bool) -> Self {
        Self {
            is_text,
            payload: Vec::new(),
            fragments: 0,
            checked: 0,
        }
    }

    /// Checks what was not checked yet, up to a character whose end may still come.
    fn check_so_far(&mut self) -> Result<(), Violation> {
        if !self.is_text {
            return Ok(());
        }
        match str::from_utf8(&self.payload[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::InvalidText),
        }
        Ok(())
    }

    fn finish(self) -> Result<Received, Violation> {
        if !self.is_text {
            return Ok(Received::Binary(self.payload));
        }
        String::from_utf8(self.payload)
            .map(Received::Text)
            .map_err(|_| Violation::InvalidText)
    }
}

/// A close says nothing, or a code that may travel and a reason in UTF-8.
fn check_close(payload: &[u8]) -> Result<(), Violation> {
    match payload {
        [] => Ok(()),
        [_] => Err(Violation::Protocol),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            // The others are reserved, or stand for ends without a close frame.
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::Protocol);
            }
            str::from_utf8(reason)
                .map(|_| ())
                .map_err(|_| Violation::InvalidText)
        }
    }
}

fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
