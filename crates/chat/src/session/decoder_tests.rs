use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 70_000;
const FRAGMENTS: u32 = 1_024;
const BOUNDS: MessageBounds = MessageBounds {
    bytes: LIMIT,
    fragments: FRAGMENTS,
};
const MASK: [u8; 4] = [0x9a, 0x02, 0xff, 0x31];

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const LAST: u8 = 0x80;

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        len @ 0..=125 => out.push(0x80 | len as u8),
        len @ 126..=65_535 => {
            out.push(0x80 | 126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(0x80 | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    out
}

type Outcome = Result<Received, Violation>;

/// All that a decoder says to bytes that arrive in pieces of this size.
fn decode(decoder: &mut Decoder, bytes: &[u8], piece: usize) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for chunk in bytes.chunks(piece) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(outcome) = decoder.decode().transpose() {
            outcomes.push(outcome);
        }
    }
    outcomes
}

fn read(bytes: &[u8]) -> Vec<Outcome> {
    decode(&mut Decoder::new(BOUNDS), bytes, bytes.len())
}

fn refused(violation: Violation) -> Vec<Outcome> {
    vec![Err(violation)]
}

fn text(text: &str) -> Received {
    Received::Text(text.to_owned())
}

#[test]
fn what_was_said_before_a_violation_is_heard_first() {
    let mut bytes = frame(LAST | TEXT, b"hello");
    bytes.extend(frame(LAST | 3, b""));
    bytes.extend(frame(LAST | TEXT, b"too late"));
    assert_eq!(read(&bytes), [Ok(text("hello")), Err(Violation::Protocol)]);
}

#[test]
fn nothing_is_heard_after_a_close() {
    let mut bytes = frame(LAST | CLOSE, b"");
    bytes.extend(frame(LAST | TEXT, b"too late"));
    bytes.extend(frame(LAST | CLOSE, b""));
    assert_eq!(read(&bytes), [Ok(Received::Close)]);
}

/// Wrong frames, each of which has an end that can be told.
fn wrong_frames() -> Vec<Vec<u8>> {
    vec![
        frame(LAST | 3, b"reserved"),
        frame(LAST | 0x40 | TEXT, b"extended"),
        frame(LAST | CONTINUATION, b"of nothing"),
        frame(LAST | PING, &[0; 126]),
        vec![LAST | TEXT, 3, b'a', b'b', b'c'],
        frame(LAST | TEXT, b"\xff and more"),
        frame(TEXT, b"\xff and more"),
        frame(LAST | TEXT, &vec![b'x'; LIMIT + 1]),
    ]
}

#[test]
fn the_close_after_a_violation_is_found_behind_whatever_is_still_on_its_way() {
    for wrong in wrong_frames() {
        for piece in [1, 7, usize::MAX] {
            let mut bytes = wrong.clone();
            bytes.extend(frame(LAST | TEXT, b"on its way"));
            bytes.extend(frame(LAST | 4, b"wrong again"));
            bytes.extend(frame(LAST | CLOSE, b""));
            bytes.extend(frame(LAST | CLOSE, b""));
            let piece = piece.min(bytes.len());
            let outcomes = decode(&mut Decoder::new(BOUNDS), &bytes, piece);
            assert!(matches!(outcomes[..], [Err(_), Ok(Received::Close)]));
        }
    }
}

#[test]
fn a_wrong_close_is_a_violation_and_a_close() {
    let bytes = frame(LAST | CLOSE, b"x");
    assert_eq!(
        read(&bytes),
        [Err(Violation::Protocol), Ok(Received::Close)]
    );
}

#[test]
fn no_memory_is_kept_of_what_is_thrown_away() {
    let mut decoder = Decoder::new(BOUNDS);
    let mut bytes = frame(TEXT, &vec![b'x'; LIMIT]);
    bytes.extend(frame(LAST | TEXT, &vec![b'x'; LIMIT]));
    bytes.truncate(bytes.len() - 1);
    let outcomes = decode(&mut decoder, &bytes, 1_000);
    assert_eq!(outcomes, refused(Violation::Protocol));
    assert!(decoder.message.is_none());
    assert_eq!(decoder.frame.map(|frame| frame.control.capacity()), Some(0));
}

#[test]
fn a_decoder_between_messages_holds_on_to_nothing() {
    let mut decoder = Decoder::new(BOUNDS);
    let mut bytes = frame(LAST | TEXT, b"hello");
    bytes.push(LAST | TEXT);
    let chunk = Bytes::from(bytes);
    decoder.feed(chunk.clone());
    assert_eq!(decoder.decode(), Ok(Some(text("hello"))));
    assert_eq!(decoder.decode(), Ok(None));
    assert!(chunk.is_unique());
}

#[test]
fn an_announced_length_takes_no_memory_and_is_refused_before_the_payload() {
    let announced = |length: u64| {
        let mut bytes = vec![LAST | BINARY, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes
    };
    for (length, violation) in [
        (LIMIT as u64 + 1, Violation::TooBig),
        (u64::MAX >> 1, Violation::TooBig),
        (1 << 63, Violation::Protocol),
    ] {
        assert_eq!(read(&announced(length)), refused(violation));
    }

    let mut decoder = Decoder::new(BOUNDS);
    let mut bytes = announced(LIMIT as u64);
    bytes.extend(MASK);
    bytes.push(0);
    assert_eq!(decode(&mut decoder, &bytes, 1), []);
    let message = decoder.message.as_ref().unwrap();
    assert!(message.payload.capacity() < 100);
}

#[test]
fn the_limit_counts_all_frames_of_a_message_and_begins_anew_with_the_next() {
    let half = vec![b'x'; LIMIT / 2];
    let mut whole = frame(TEXT, &half);
    whole.extend(frame(LAST | CONTINUATION, &half));
    let mut twice = whole.clone();
    twice.extend(&whole);
    assert_eq!(read(&twice).len(), 2);

    let mut over = frame(TEXT, &half);
    over.extend(frame(CONTINUATION, &half));
    over.extend(frame(CONTINUATION, b""));
    over.extend(frame(LAST | CONTINUATION, b"x"));
    let too_big = [Ok(Received::EmptyFragment), Err(Violation::TooBig)];
    assert_eq!(read(&over), too_big);
}

#[test]
fn a_message_has_as_many_fragments_as_allowed_and_no_more() {
    let message = |fragments: u32| {
        let mut bytes = frame(TEXT, b"x");
        for _ in 2..fragments {
            bytes.extend(frame(CONTINUATION, b"x"));
        }
        bytes.extend(frame(LAST | CONTINUATION, b"x"));
        bytes
    };
    let most = text(&"x".repeat(FRAGMENTS as usize));
    let twice = [message(FRAGMENTS), message(FRAGMENTS)].concat();
    assert_eq!(read(&twice), [Ok(most.clone()), Ok(most)]);
    let over = message(FRAGMENTS + 1);
    assert_eq!(read(&over), refused(Violation::TooManyFragments));
}

#[test]
fn a_client_that_sends_on_after_the_close_is_given_up_after_some_bytes() {
    let flood = frame(LAST | BINARY, &[0; 1_000]).repeat(100);
    for violates in [false, true] {
        let mut decoder = Decoder::new(BOUNDS);
        if violates {
            let outcomes = decode(&mut decoder, &frame(LAST | 3, b""), 100);
            assert_eq!(outcomes, refused(Violation::Protocol));
        } else {
            // In the middle of a frame.
            decode(&mut decoder, &frame(TEXT, b"so far")[..9], 100);
            decoder.await_close();
        }
        let mut bytes = 0;
        let outcomes = loop {
            let outcomes = decode(&mut decoder, &flood, 4_096);
            bytes += flood.len();
            if !outcomes.is_empty() {
                break outcomes;
            }
            assert!(bytes < 5 * LIMIT);
        };
        assert_eq!(outcomes, [Ok(Received::Close)]);
        assert_eq!(decode(&mut decoder, &flood, 4_096), []);
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_is_taken() {
    let mut bytes = vec![LAST | TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 2];
    bytes.extend(MASK);
    bytes.extend([b'h' ^ MASK[0], b'i' ^ MASK[1]]);
    assert_eq!(read(&bytes), [Ok(text("hi"))]);
}

/// Every start of a frame there is, against the rules written down as a table.
#[test]
fn each_first_byte_is_allowed_exactly_where_the_protocol_says() {
    for in_message in [false, true] {
        for first in 0..=u8::MAX {
            let opcode = first & 0x0f;
            let is_last = first & LAST != 0;
            let allowed = first & 0x70 == 0
                && match opcode {
                    0 => in_message,
                    1 | 2 => !in_message,
                    8..=10 => is_last,
                    _ => false,
                };
            let mut bytes = Vec::new();
            if in_message {
                bytes.extend(frame(TEXT, b"so far"));
            }
            bytes.extend(frame(first, b""));
            let is_refused = read(&bytes).contains(&Err(Violation::Protocol));
            assert_eq!(is_refused, !allowed, "{first:#x} {in_message}");
        }
    }
}

#[test]
fn each_close_code_is_allowed_exactly_where_it_may_travel() {
    for code in 0..=u16::MAX {
        let reserved = matches!(code, 0..1000 | 1004..=1006 | 1015..3000 | 5000..);
        let outcomes = read(&frame(LAST | CLOSE, &code.to_be_bytes()));
        let is_refused = outcomes == [Err(Violation::Protocol), Ok(Received::Close)];
        assert_eq!(is_refused, reserved, "{code}");
        assert_eq!(outcomes == [Ok(Received::Close)], !reserved, "{code}");
    }
}

/// What a client may send, and what is to be heard of it.
#[derive(Clone, Debug)]
enum Said {
    Text(String, Vec<usize>),
    Binary(Vec<u8>, Vec<usize>),
    Ping(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let cuts = || proptest::collection::vec(0..300_usize, 0..4);
    let bytes = |max| proptest::collection::vec(any::<u8>(), 0..max);
    prop_oneof![
        ("\\PC{0,200}", cuts()).prop_map(|(text, cuts)| Said::Text(text, cuts)),
        (bytes(300), cuts()).prop_map(|(bytes, cuts)| Said::Binary(bytes, cuts)),
        bytes(126).prop_map(Said::Ping),
    ]
}

/// The frames of a message that is cut at these places, with a ping before each but the first.
fn fragments(opcode: u8, payload: &[u8], cuts: &[usize], heard: &mut Vec<Received>) -> Vec<u8> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (payload.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(payload.len());
    let mut out = Vec::new();
    let mut start = 0;
    for (i, &end) in cuts.iter().enumerate() {
        let mut first = if i == 0 { opcode } else { CONTINUATION };
        if i > 0 {
            out.extend(frame(LAST | PING, b"between"));
            heard.push(Received::Ping(b"between".to_vec()));
        }
        if i + 1 == cuts.len() {
            first |= LAST;
        } else if i > 0 && start == end {
            heard.push(Received::EmptyFragment);
        }
        out.extend(frame(first, &payload[start..end]));
        start = end;
    }
    out
}

proptest! {
    #[test]
    fn what_is_said_is_heard_however_it_is_cut(
        all in proptest::collection::vec(said(), 0..6),
        piece in 1..400_usize,
    ) {
        let mut bytes = Vec::new();
        let mut heard = Vec::new();
        for said in all {
            match said {
                Said::Text(text, cuts) => {
                    bytes.extend(fragments(TEXT, text.as_bytes(), &cuts, &mut heard));
                    heard.push(Received::Text(text));
                }
                Said::Binary(payload, cuts) => {
                    bytes.extend(fragments(BINARY, &payload, &cuts, &mut heard));
                    heard.push(Received::Binary(payload));
                }
                Said::Ping(payload) => {
                    bytes.extend(frame(LAST | PING, &payload));
                    heard.push(Received::Ping(payload));
                }
            }
        }
        let outcomes = decode(&mut Decoder::new(BOUNDS), &bytes, piece);
        let heard: Vec<Outcome> = heard.into_iter().map(Ok).collect();
        prop_assert_eq!(outcomes, heard);
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_and_not_a_byte_too_late(
        payload in proptest::collection::vec(any::<u8>(), 1..40),
        good in "\\PC{0,20}",
        cuts in proptest::collection::vec(0..60_usize, 0..3),
    ) {
        let payload = [good.as_bytes(), &payload].concat();
        let bytes = fragments(TEXT, &payload, &cuts, &mut Vec::new());
        let outcomes = decode(&mut Decoder::new(BOUNDS), &bytes, 1);
        let is_refused = outcomes.contains(&Err(Violation::InvalidText));
        prop_assert_eq!(is_refused, str::from_utf8(&payload).is_err());

        // What can still become UTF-8 is waited for; what cannot is refused without the rest.
        let unfinished = frame(TEXT, &payload);
        let is_refused = read(&unfinished) == refused(Violation::InvalidText);
        let hopeless = str::from_utf8(&payload).is_err_and(|error| error.error_len().is_some());
        prop_assert_eq!(is_refused, hopeless);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic_or_say_anything_after_it_ended(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        piece in 1..50_usize,
    ) {
        let outcomes = decode(&mut Decoder::new(BOUNDS), &bytes, piece);
        let first_end = outcomes.iter().position(|outcome| {
            matches!(outcome, Err(_) | Ok(Received::Close))
        });
        let rest = &outcomes[first_end.unwrap_or(outcomes.len())..];
        prop_assert!(matches!(
            rest,
            [] | [Ok(_)] | [Err(_)] | [Err(_), Ok(Received::Close)]
        ));
    }
}
