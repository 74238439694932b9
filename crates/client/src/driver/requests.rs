//! Requests in flight, correlated by `ref` and resent after a reconnect: plain data.
//!
//! The `ref` is a number. A lost connection leaves the outcome of requests in flight unknown. The next connection
//! resends them first, in order and one at a time. All requests are idempotent: a message has its
//! `client_message_id`, and an edit sets the same text. A repeated read mark or reaction changes nothing. Cancelled
//! requests are not resent.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use abu_chat_protocol::{
    ClientPacket, RequestRef, ServerPacket,
    server::{self, ErrorCode, Limits},
};
use tokio::time::Instant;

use crate::{EndReason, RequestError, backoff::asked_wait, chat::Request};

/// Bounds the requests that the driver holds; more wait in the command queue (backpressure).
const MAX_REQUESTS: usize = 64;

/// The delay before the retry of a resent request, unless the server names one.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Requests {
    numbers: u64,
    /// Not sent on this connection yet.
    waiting: VecDeque<Pending>,
    under_way: BTreeMap<u64, Pending>,
}

struct Pending {
    number: u64,
    request: Request,
    /// Sent on an earlier connection, so it may have taken effect.
    is_repeated: bool,
    not_before: Option<Instant>,
}

impl Requests {
    pub(super) fn add(&mut self, request: Request) {
        self.numbers += 1;
        self.waiting.push_back(Pending {
            number: self.numbers,
            request,
            is_repeated: false,
            not_before: None,
        });
    }

    /// Whether there is room for one more; a full set evicts cancelled requests first.
    pub(super) fn have_place(&mut self) -> bool {
        if self.count() >= MAX_REQUESTS {
            self.waiting.retain(Pending::is_awaited);
            self.under_way.retain(|_, pending| pending.is_awaited());
        }
        self.count() < MAX_REQUESTS
    }

    /// The next frame to send now, if any. Fails requests that violate the server's limits.
    pub(super) fn next_frame(&mut self, now: Instant, limits: &Limits) -> Option<String> {
        // A cancelled request must not delay later ones.
        self.waiting.retain(Pending::is_awaited);
        loop {
            if self.is_repeating() {
                return None;
            }
            let first = self.waiting.front()?;
            if first.not_before.is_some_and(|time| time > now) {
                return None;
            }
            let pending = self.waiting.pop_front()?;
            match frame(&pending.request.packet, pending.number, limits) {
                Ok(frame) => {
                    self.under_way.insert(pending.number, pending);
                    return Some(frame);
                }
                Err(error) => pending.refuse(error),
            }
        }
    }

    /// The time of the next delayed retry.
    pub(super) fn next_due(&self) -> Option<Instant> {
        if self.is_repeating() {
            return None;
        }
        self.waiting.front().and_then(|pending| pending.not_before)
    }

    /// Resolves the request with this `ref`, if it is in flight.
    pub(super) fn answered(&mut self, name: &RequestRef, packet: ServerPacket, now: Instant) {
        let number = name.as_str().parse().ok();
        let Some(mut pending) = number.and_then(|number: u64| self.under_way.remove(&number))
        else {
            return;
        };
        match packet {
            ServerPacket::Error(error) if pending.is_repeated && is_passing(&error) => {
                // The first attempt may have succeeded, so a transient error settles nothing.
                let pause = error.retry_after_ms.map_or(PAUSE, asked_wait);
                pending.not_before = Some(now + pause);
                self.waiting.push_front(pending);
            }
            ServerPacket::Error(error) => pending.refuse(RequestError::from_packet(error)),
            packet => pending.answer(Ok(packet)),
        }
    }

    /// Requeues the requests in flight for the next connection.
    pub(super) fn disconnected(&mut self) {
        while let Some((_, mut pending)) = self.under_way.pop_last() {
            pending.is_repeated = true;
            self.waiting.push_front(pending);
        }
        self.waiting.retain(Pending::is_awaited);
        for pending in &mut self.waiting {
            pending.not_before = None;
        }
    }

    /// Fails all requests.
    pub(super) fn end(&mut self, reason: &EndReason) {
        self.disconnected();
        for pending in self.waiting.drain(..) {
            pending.answer(Err(reason.clone().into()));
        }
    }

    /// Whether a resent request is in flight; later requests wait for it.
    fn is_repeating(&self) -> bool {
        self.under_way.values().any(|pending| pending.is_repeated)
    }

    fn count(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }
}

impl Pending {
    fn is_awaited(&self) -> bool {
        !self.request.answer.is_closed()
    }

    /// The rejection of a resend leaves the outcome of the first attempt unknown.
    fn refuse(self, refusal: RequestError) {
        let is_in_doubt = self.is_repeated && changes_something(&self.request.packet);
        let error = match is_in_doubt {
            true => RequestError::OutcomeUnknown {
                refusal: Box::new(refusal),
            },
            false => refusal,
        };
        self.answer(Err(error));
    }

    fn answer(self, answer: Result<ServerPacket, RequestError>) {
        // A cancelled request has dropped the receiver.
        let _ = self.request.answer.send(answer);
    }
}

fn changes_something(packet: &ClientPacket) -> bool {
    !matches!(
        packet,
        ClientPacket::ListMessageRequest(_) | ClientPacket::PresenceRequest(_)
    )
}

fn is_passing(error: &server::Error) -> bool {
    matches!(
        error.code,
        ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::Internal
    )
}

/// Encodes the packet and checks the server's limits. A frame over the limit would end this connection, and its
/// resend every next one.
fn frame(packet: &ClientPacket, number: u64, limits: &Limits) -> Result<String, RequestError> {
    let text = match packet {
        ClientPacket::MessageSend(send) => Some(&send.message),
        ClientPacket::MessageEdit(edit) => Some(&edit.message),
        _ => None,
    };
    if let Some(text) = text {
        check_text(text, limits.max_message_characters)?;
    }
    let frame = match RequestRef::new(number.to_string()) {
        Ok(name) => packet.to_json_with_ref(&name),
        Err(too_long) => return Err(RequestError::Invalid(too_long.to_string())),
    };
    if u64::try_from(frame.len()).unwrap_or(u64::MAX) > limits.max_frame_bytes {
        return Err(RequestError::TooLong {
            limit: limits.max_message_characters,
        });
    }
    Ok(frame)
}

fn check_text(text: &str, limit: u64) -> Result<(), RequestError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(RequestError::Empty);
    }
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if characters > limit {
        return Err(RequestError::TooLong { limit });
    }
    Ok(())
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
