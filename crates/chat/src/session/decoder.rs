//! What a client's bytes mean, as plain data: WebSocket frames (RFC 6455), put together to messages.
//!
//! A payload is unmasked into its message as it arrives. So nothing is kept twice, a length that was
//! merely announced takes no memory, and a mistake ends the connection at the first byte that shows
//! it.

mod header;

use abu_chat_protocol::CloseCode;
use bytes::Bytes;

use self::header::{Frame, HeaderBytes, Opcode};

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

/// Reads what one client sends. Between messages it holds no memory of its own.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_message_bytes: usize,
    /// What arrived and was not looked at yet.
    chunk: Bytes,
    header: HeaderBytes,
    /// The frame whose payload arrives.
    frame: Option<Frame>,
    /// The message whose frames arrive.
    message: Option<Message>,
    /// After a close or a violation, what follows means nothing.
    has_ended: bool,
}

impl Decoder {
    /// A message may have `max_message_bytes`, in however many frames.
    pub(crate) fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            chunk: Bytes::new(),
            header: HeaderBytes::default(),
            frame: None,
            message: None,
            has_ended: false,
        }
    }

    /// Takes what arrived, once [`decode`](Self::decode) needs more.
    pub(crate) fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "the last chunk was read to its end");
        if !self.has_ended {
            self.chunk = chunk;
        }
    }

    /// What was said next, or `None` where more has to arrive first.
    ///
    /// # Errors
    /// [`Violation`]. Like a close it comes once, and all that follows is thrown away.
    pub(crate) fn decode(&mut self) -> Result<Option<Received>, Violation> {
        let outcome = self.advance();
        match outcome {
            // An empty chunk would still hold on to the connection's read buffer.
            Ok(None) => self.chunk = Bytes::new(),
            Ok(Some(Received::Close)) | Err(_) => {
                *self = Self::new(self.max_message_bytes);
                self.has_ended = true;
            }
            Ok(Some(_)) => {}
        }
        outcome
    }

    fn advance(&mut self) -> Result<Option<Received>, Violation> {
        while let Some(mut frame) = self.frame_under_way()? {
            self.read_payload(&mut frame);
            if frame.missing > 0 || !frame.is_last {
                // A message that comes in one piece is checked once it is there.
                self.check_text_so_far()?;
            }
            if frame.missing > 0 {
                self.frame = Some(frame);
                break;
            }
            if let Some(received) = self.finish(frame)? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// The frame whose payload comes next, if so much has arrived.
    fn frame_under_way(&mut self) -> Result<Option<Frame>, Violation> {
        if let Some(frame) = self.frame.take() {
            return Ok(Some(frame));
        }
        let so_far = self.message.as_ref().map(|message| message.payload.len());
        let limit = self.max_message_bytes;
        let Some(frame) = self.header.read(&mut self.chunk, so_far, limit)? else {
            return Ok(None);
        };
        if let Opcode::Text | Opcode::Binary = frame.opcode {
            self.message = Some(Message::new(frame.opcode == Opcode::Text));
        }
        Ok(Some(frame))
    }

    /// Takes as much of the payload as has arrived.
    fn read_payload(&mut self, frame: &mut Frame) {
        let piece = self.chunk.split_to(frame.missing.min(self.chunk.len()));
        let payload = match &mut self.message {
            Some(message) if !frame.opcode.is_control() => &mut message.payload,
            _ => &mut frame.control,
        };
        let start = payload.len();
        payload.extend_from_slice(&piece);
        unmask(&mut payload[start..], frame.mask);
        frame.missing -= piece.len();
        frame.mask.rotate_left(piece.len() % 4);
    }

    fn check_text_so_far(&mut self) -> Result<(), Violation> {
        self.message.as_mut().map_or(Ok(()), Message::check_so_far)
    }

    /// What is said once a frame is whole.
    fn finish(&mut self, frame: Frame) -> Result<Option<Received>, Violation> {
        match frame.opcode {
            Opcode::Ping => Ok(Some(Received::Ping(frame.control))),
            Opcode::Pong => Ok(Some(Received::Pong)),
            Opcode::Close => check_close(&frame.control).map(|()| Some(Received::Close)),
            _ if !frame.is_last => Ok(None),
            _ => self.message.take().map(Message::finish).transpose(),
        }
    }
}

/// A message whose frames arrive.
#[derive(Debug)]
struct Message {
    is_text: bool,
    payload: Vec<u8>,
    /// How much of a text's payload is known to be UTF-8.
    checked: usize,
}

impl Message {
    fn new(is_text: bool) -> Self {
        Self {
            is_text,
            payload: Vec::new(),
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
