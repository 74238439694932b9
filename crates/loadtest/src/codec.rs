//! WebSocket frame codec (RFC 6455), limited to what a load generator needs.
//!
//! It has unfragmented messages only, and a masking key of zero, which leaves the payload unchanged.

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const ZERO_KEY: [u8; 4] = [0; 4];
/// Larger than any packet; a larger length means corrupt framing.
pub(crate) const MAX_PAYLOAD: u64 = 1 << 20;

/// The sender of a frame: clients mask, servers do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A decoded frame, which borrows from the read buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// With the close code, if any.
    Close(Option<u16>),
}

/// A protocol violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("a frame that is fragmented or of an unknown kind: {0:#04x}")]
    Kind(u8),
    #[error("a frame with the wrong masking")]
    Masking,
    #[error("a frame of {0} bytes")]
    Length(u64),
}

/// The first frame in `bytes` and its length; `None` where it is incomplete.
#[inline]
pub(crate) fn decode(bytes: &[u8], from: Side) -> Result<Option<(Frame<'_>, usize)>, CodecError> {
    let Some((&[first, second], rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    if (second & MASKED != 0) != (from == Side::Client) {
        return Err(CodecError::Masking);
    }
    let Some((length, rest)) = length(second & !MASKED, rest) else {
        return Ok(None);
    };
    if length > MAX_PAYLOAD {
        return Err(CodecError::Length(length));
    }
    let Some(rest) = unmask(rest, from)? else {
        return Ok(None);
    };
    let Some((payload, rest)) = rest.split_at_checked(length as usize) else {
        return Ok(None);
    };
    Ok(Some((frame(first, payload)?, bytes.len() - rest.len())))
}

/// The payload's length, from one of the three header forms.
fn length(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    match short {
        126 => rest
            .split_first_chunk()
            .map(|(&long, rest)| (u16::from_be_bytes(long).into(), rest)),
        127 => rest
            .split_first_chunk()
            .map(|(&long, rest)| (u64::from_be_bytes(long), rest)),
        _ => Some((short.into(), rest)),
    }
}

fn unmask(rest: &[u8], from: Side) -> Result<Option<&[u8]>, CodecError> {
    match (from, rest.split_first_chunk::<4>()) {
        (Side::Server, _) => Ok(Some(rest)),
        (Side::Client, None) => Ok(None),
        (Side::Client, Some((&ZERO_KEY, rest))) => Ok(Some(rest)),
        (Side::Client, Some(_)) => Err(CodecError::Masking),
    }
}

fn frame(first: u8, payload: &[u8]) -> Result<Frame<'_>, CodecError> {
    const FINAL_TEXT: u8 = FIN | TEXT;
    const FINAL_PING: u8 = FIN | PING;
    const FINAL_PONG: u8 = FIN | PONG;
    const FINAL_CLOSE: u8 = FIN | CLOSE;
    match first {
        FINAL_TEXT => Ok(Frame::Text(payload)),
        FINAL_PING => Ok(Frame::Ping(payload)),
        FINAL_PONG => Ok(Frame::Pong),
        FINAL_CLOSE => {
            let code = payload.first_chunk().map(|&code| u16::from_be_bytes(code));
            Ok(Frame::Close(code))
        }
        other => Err(CodecError::Kind(other)),
    }
}

pub(crate) fn encode_text(payload: &[u8], side: Side, out: &mut Vec<u8>) {
    encode(TEXT, payload, side, out);
}

pub(crate) fn encode_ping(side: Side, out: &mut Vec<u8>) {
    encode(PING, &[], side, out);
}

pub(crate) fn encode_pong(payload: &[u8], side: Side, out: &mut Vec<u8>) {
    encode(PONG, payload, side, out);
}

fn encode(kind: u8, payload: &[u8], side: Side, out: &mut Vec<u8>) {
    let mask = match side {
        Side::Client => MASKED,
        Side::Server => 0,
    };
    out.push(FIN | kind);
    match payload.len() {
        short @ 0..=125 => out.push(mask | short as u8),
        medium @ 126..=0xFFFF => {
            out.push(mask | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(mask | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    if side == Side::Client {
        out.extend_from_slice(&ZERO_KEY);
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::*;

    fn encoded(payload: &[u8], side: Side) -> Vec<u8> {
        let mut out = Vec::new();
        encode_text(payload, side, &mut out);
        out
    }

    #[test]
    fn every_form_of_length_comes_back_whole() {
        for side in [Side::Client, Side::Server] {
            for length in [0, 1, 125, 126, 127, 0xFFFF, 0x10000] {
                let payload = vec![b'x'; length];
                let bytes = encoded(&payload, side);
                let (frame, used) = decode(&bytes, side).unwrap().unwrap();
                assert_eq!((frame, used), (Frame::Text(&payload), bytes.len()));
            }
        }
    }

    #[test]
    fn a_frame_that_is_not_whole_waits_for_the_rest() {
        for length in [0, 5, 126, 0x10000] {
            let bytes = encoded(&vec![b'x'; length], Side::Client);
            for cut in 0..bytes.len().min(300) {
                assert_eq!(decode(&bytes[..cut], Side::Client), Ok(None));
            }
            assert_eq!(decode(&bytes[..bytes.len() - 1], Side::Client), Ok(None));
        }
    }

    #[test]
    fn a_frame_is_the_one_of_the_specification() {
        let hello = [0x81, 0x05, b'H', b'e', b'l', b'l', b'o'];
        assert_eq!(
            decode(&hello, Side::Server),
            Ok(Some((Frame::Text(b"Hello"), 7)))
        );
        assert_eq!(
            decode(&[0x88, 0x02, 0x0F, 0xA2], Side::Server),
            Ok(Some((Frame::Close(Some(4002)), 4)))
        );
        assert_eq!(
            decode(&[0x88, 0x00], Side::Server),
            Ok(Some((Frame::Close(None), 2)))
        );
    }

    #[test]
    fn frames_that_a_server_must_not_send_are_errors() {
        assert_eq!(
            decode(&[0x81, 0x81, 0, 0, 0, 0, 1], Side::Server),
            Err(CodecError::Masking)
        );
        assert_eq!(
            decode(&[0x01, 0x01, b'x'], Side::Server),
            Err(CodecError::Kind(0x01))
        );
        assert_eq!(
            decode(&[0x82, 0x01, b'x'], Side::Server),
            Err(CodecError::Kind(0x82))
        );
        let huge = [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(
            decode(&huge, Side::Server),
            Err(CodecError::Length(1 << 32))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = decode(&bytes, Side::Server);
            let _ = decode(&bytes, Side::Client);
        }

        #[test]
        fn frames_in_a_row_come_apart_where_they_were_joined(texts in proptest::collection::vec(".{0,200}", 0..8)) {
            let mut bytes = Vec::new();
            for text in &texts {
                encode_text(text.as_bytes(), Side::Server, &mut bytes);
            }
            let (mut rest, mut found) = (&bytes[..], Vec::new());
            while let Some((frame, used)) = decode(rest, Side::Server).unwrap() {
                let Frame::Text(text) = frame else { panic!("not a text") };
                found.push(String::from_utf8(text.to_vec()).unwrap());
                rest = &rest[used..];
            }
            prop_assert_eq!(found, texts);
        }
    }
}
