//! Packets as WebSocket frames, encoded once however many sessions get them.

use std::sync::OnceLock;

use abu_chat_protocol::{CloseCode, Profile, RequestRef, ServerPacket};
use abu_domain::UserId;
use actix_http::ws::{CloseReason, OpCode, Parser};
use bytes::{Bytes, BytesMut};

use crate::session::Delivery;

/// A packet on its way to many sessions. Each profile's frame is made when the first session needs
/// it, and shared from then on by all sessions of all workers.
#[derive(Debug)]
pub(crate) struct SharedPacket {
    packet: ServerPacket,
    delivery: Delivery,
    heard_of: Option<UserId>,
    v1: OnceLock<Bytes>,
    v2: OnceLock<Bytes>,
}

impl SharedPacket {
    /// One that no client can do without.
    pub(crate) fn new(packet: impl Into<ServerPacket>) -> Self {
        Self::delivered(packet, Delivery::Firm)
    }

    pub(crate) fn delivered(packet: impl Into<ServerPacket>, delivery: Delivery) -> Self {
        Self {
            packet: packet.into(),
            delivery,
            heard_of: None,
            v1: OnceLock::new(),
            v2: OnceLock::new(),
        }
    }

    /// Charges its deliveries to the user; see [`notices`](crate::notices).
    pub(crate) fn heard_of(self, user: UserId) -> Self {
        Self {
            heard_of: Some(user),
            ..self
        }
    }

    pub(crate) fn author(&self) -> Option<UserId> {
        self.heard_of
    }

    /// Whether it can wait without being lost or outdated.
    pub(crate) fn is_firm(&self) -> bool {
        self.delivery == Delivery::Firm
    }

    /// The whole frame, header included, as it goes onto the socket; `None` where the profile does
    /// not have the packet.
    pub(crate) fn frame(&self, profile: Profile) -> Option<&Bytes> {
        let frame = match profile {
            Profile::V1 => &self.v1,
            _ => &self.v2,
        };
        self.packet
            .visible_to(profile)
            .then(|| frame.get_or_init(|| text_frame(&self.packet, None, profile)))
    }
}

/// The frames of one packet on one worker: copies that no other thread counts references to, as a
/// counter that two cores write to for every recipient costs more than the copy.
pub(crate) struct WorkerFrames<'a> {
    packet: &'a SharedPacket,
    v1: Option<Bytes>,
    v2: Option<Bytes>,
}

impl<'a> WorkerFrames<'a> {
    pub(crate) fn of(packet: &'a SharedPacket) -> Self {
        Self {
            packet,
            v1: None,
            v2: None,
        }
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.packet.delivery
    }

    /// The whole frame, as it goes onto the socket; `None` where the profile does not have the
    /// packet.
    pub(crate) fn frame(&mut self, profile: Profile) -> Option<Bytes> {
        let frame = match profile {
            Profile::V1 => &mut self.v1,
            _ => &mut self.v2,
        };
        if frame.is_none() {
            *frame = self
                .packet
                .frame(profile)
                .map(|f| Bytes::copy_from_slice(f));
        }
        frame.clone()
    }

    /// The frame for the session that asked, and calls its request so.
    pub(crate) fn answer(
        &mut self,
        request_ref: Option<&RequestRef>,
        profile: Profile,
    ) -> Option<Bytes> {
        match request_ref {
            None => self.frame(profile),
            Some(_) => Some(text_frame(&self.packet.packet, request_ref, profile)),
        }
    }
}

/// A packet for one session alone, which knows it; where it answers a request, with what the session
/// calls that.
pub(crate) fn text_frame(
    packet: &ServerPacket,
    request_ref: Option<&RequestRef>,
    profile: Profile,
) -> Bytes {
    let mut json = Vec::with_capacity(256);
    packet.write_json_with_ref(request_ref, profile, &mut json);
    frame(OpCode::Text, &json)
}

pub(crate) fn ping_frame() -> Bytes {
    frame(OpCode::Ping, b"")
}

pub(crate) fn pong_frame(payload: &[u8]) -> Bytes {
    frame(OpCode::Pong, payload)
}

pub(crate) fn close_frame(code: CloseCode) -> Bytes {
    let mut out = BytesMut::new();
    let reason = CloseReason {
        code: u16::from(code).into(),
        description: Some(code.reason().to_owned()),
    };
    Parser::write_close(&mut out, Some(reason), false);
    out.freeze()
}

pub(crate) fn frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    // A server's header has at most ten bytes.
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    Parser::write_message(&mut out, payload, opcode, true, false);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use abu_chat_protocol::{
        Decoded,
        server::{ChatLeave, ReadNotify},
    };
    use uuid::Uuid;

    use super::*;

    fn text(frame: &Bytes) -> &str {
        // A short frame of a server has two bytes of header, a longer one four.
        let header = if frame[1] < 126 { 2 } else { 4 };
        std::str::from_utf8(&frame[header..]).unwrap()
    }

    #[test]
    fn a_packet_is_encoded_once_for_each_profile_that_has_it_and_copied_once_for_a_worker() {
        let packet = SharedPacket::new(ReadNotify::new(Uuid::nil(), Uuid::nil(), 7));
        let mut frames = WorkerFrames::of(&packet);
        assert_eq!(frames.frame(Profile::V1), None, "v1 knows no read marks");
        let one = frames.frame(Profile::V2).unwrap();
        let other = frames.frame(Profile::V2).unwrap();
        assert_eq!(
            one.as_ptr(),
            other.as_ptr(),
            "shared by all sessions of the worker"
        );
        let shared = packet.frame(Profile::V2).unwrap();
        assert_eq!(shared, &one);
        assert_ne!(shared.as_ptr(), one.as_ptr(), "and by no other worker");

        let packet = SharedPacket::new(ChatLeave::new(Uuid::nil()));
        let mut frames = WorkerFrames::of(&packet);
        assert!(frames.frame(Profile::V1).is_some() && frames.frame(Profile::V2).is_some());
    }

    #[test]
    fn only_the_answer_carries_the_ref() {
        let packet = SharedPacket::new(ReadNotify::new(Uuid::nil(), Uuid::nil(), 7));
        let mut frames = WorkerFrames::of(&packet);
        let name = RequestRef::new("mine").unwrap();
        let answer = frames.answer(Some(&name), Profile::V2).unwrap();
        let unasked = frames.frame(Profile::V2).unwrap();
        assert_eq!(frames.answer(None, Profile::V2), Some(unasked.clone()));
        for (frame, expected) in [(answer, Some(name)), (unasked, None)] {
            match ServerPacket::decode(text(&frame)).unwrap() {
                Decoded::Known { request_ref, .. } => assert_eq!(request_ref, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
