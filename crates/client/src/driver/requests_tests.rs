use abu_chat_protocol::{
    Decoded,
    client::{ListMessageRequest, MessageSend, ReadMark},
    server::{MessageReceive, ReadNotify},
};
use chrono::DateTime;
use std::num::NonZeroU64;
use tokio::sync::oneshot::{self, Receiver};
use uuid::Uuid;

use super::*;

type Answered = Receiver<Result<ServerPacket, RequestError>>;

fn limits() -> Limits {
    Limits::new(1_000, 20, Duration::from_secs(900))
}

fn ask(requests: &mut Requests, packet: impl Into<ClientPacket>) -> Answered {
    let (answer, answered) = oneshot::channel();
    let packet = packet.into();
    requests.add(Request { packet, answer });
    answered
}

fn say(requests: &mut Requests, text: &str) -> Answered {
    let message = MessageSend::new("room", text).with_client_message_id(Uuid::from_u128(7));
    ask(requests, message)
}

/// The `ref` and the packet of the next frame.
fn next(requests: &mut Requests, now: Instant) -> Option<(RequestRef, ClientPacket)> {
    let frame = requests.next_frame(now, &limits())?;
    match ClientPacket::decode(&frame).unwrap() {
        Decoded::Known {
            packet,
            request_ref,
            ..
        } => Some((request_ref.unwrap(), packet)),
        Decoded::Unknown(_) => panic!("{frame}"),
    }
}

fn text_of(packet: &ClientPacket) -> &str {
    match packet {
        ClientPacket::MessageSend(send) => &send.message,
        other => panic!("{other:?}"),
    }
}

fn stored() -> ServerPacket {
    MessageReceive::new("room", "amina", "Salaam", DateTime::UNIX_EPOCH).into()
}

fn too_fast(pause: Duration) -> ServerPacket {
    server::Error::rate_limited("message-send", pause).into()
}

#[test]
fn an_answer_resolves_only_the_request_with_its_ref() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let mut first = say(&mut requests, "one");
    let mut second = ask(&mut requests, ReadMark::new("room", NonZeroU64::MIN));
    let (_, _) = next(&mut requests, now).unwrap();
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, ReadNotify::new("room", "amina", 1).into(), now);
    assert!(matches!(
        second.try_recv(),
        Ok(Ok(ServerPacket::ReadNotify(_)))
    ));
    assert!(first.try_recv().is_err());
}

#[test]
fn requests_in_flight_are_resent_first_in_order_one_at_a_time() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let _answers = [say(&mut requests, "one"), say(&mut requests, "two")];
    let (one, first) = next(&mut requests, now).unwrap();
    next(&mut requests, now).unwrap();
    let _new = say(&mut requests, "three");
    requests.disconnected();
    let (again, repeated) = next(&mut requests, now).unwrap();
    assert_eq!(
        (&again, &repeated),
        (&one, &first),
        "the same packet under the same ref"
    );
    assert_eq!(next(&mut requests, now), None);
    requests.answered(&again, stored(), now);
    let (two, packet) = next(&mut requests, now).unwrap();
    assert_eq!(text_of(&packet), "two");
    requests.answered(&two, stored(), now);
    assert_eq!(text_of(&next(&mut requests, now).unwrap().1), "three");
}

#[test]
fn a_rate_limited_request_is_retried_only_if_it_was_resent() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let pause = Duration::from_secs(2);
    let mut new = say(&mut requests, "new");
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, too_fast(pause), now);
    let expected = RequestError::RateLimited { retry_after: pause };
    assert_eq!(new.try_recv().unwrap(), Err(expected));

    let mut repeated = say(&mut requests, "repeated");
    next(&mut requests, now).unwrap();
    requests.disconnected();
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, too_fast(pause), now);
    assert!(repeated.try_recv().is_err(), "it may have been stored");
    assert_eq!(next(&mut requests, now), None);
    assert_eq!(requests.next_due(), Some(now + pause));
    let (name, _) = next(&mut requests, now + pause).unwrap();
    requests.answered(&name, stored(), now + pause);
    assert!(repeated.try_recv().unwrap().is_ok());
}

#[test]
fn requests_over_the_servers_limits_fail_without_a_frame() {
    let mut requests = Requests::default();
    let now = Instant::now();
    for (text, expected) in [
        (" \n".to_owned(), RequestError::Empty),
        ("x".repeat(21), RequestError::TooLong { limit: 20 }),
    ] {
        let mut answer = say(&mut requests, &text);
        assert_eq!(next(&mut requests, now), None);
        assert_eq!(answer.try_recv().unwrap(), Err(expected));
    }
    let _fits = say(&mut requests, &format!(" {} ", "\u{e9}".repeat(20)));
    assert!(
        next(&mut requests, now).is_some(),
        "characters count, not bytes"
    );
}

#[test]
fn a_cancelled_request_is_not_sent_and_frees_its_place() {
    let mut requests = Requests::default();
    let now = Instant::now();
    drop(say(&mut requests, "never mind"));
    assert_eq!(next(&mut requests, now), None);
    let answers: Vec<_> = (0..MAX_REQUESTS)
        .map(|_| say(&mut requests, "hello"))
        .collect();
    assert!(!requests.have_place());
    drop(answers);
    assert!(requests.have_place());
}

#[test]
fn the_end_fails_every_pending_request() {
    let mut requests = Requests::default();
    let mut answers = [say(&mut requests, "one"), say(&mut requests, "two")];
    next(&mut requests, Instant::now()).unwrap();
    requests.end(&EndReason::Suspended);
    for answer in &mut answers {
        let expected = RequestError::Ended(EndReason::Suspended);
        assert_eq!(answer.try_recv().unwrap(), Err(expected));
    }
}

fn not_a_member() -> ServerPacket {
    server::Error::not_a_member("message-send", "room").into()
}

#[test]
fn a_refused_resend_of_a_change_has_an_unknown_outcome() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let mut new = say(&mut requests, "new");
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, not_a_member(), now);
    assert_eq!(new.try_recv().unwrap(), Err(RequestError::NotAMember));

    let mut repeated = say(&mut requests, "repeated");
    let mut page = ask(&mut requests, ListMessageRequest::new("room"));
    next(&mut requests, now).unwrap();
    next(&mut requests, now).unwrap();
    requests.disconnected();
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, not_a_member(), now);
    let refusal = Box::new(RequestError::NotAMember);
    let expected = RequestError::OutcomeUnknown { refusal };
    assert_eq!(repeated.try_recv().unwrap(), Err(expected));

    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, not_a_member(), now);
    let expected = Err(RequestError::NotAMember);
    assert_eq!(
        page.try_recv().unwrap(),
        expected,
        "reading changes nothing"
    );
}

#[test]
fn a_resend_over_a_lowered_limit_has_an_unknown_outcome() {
    let mut requests = Requests::default();
    let mut answer = say(&mut requests, "Salaam");
    next(&mut requests, Instant::now()).unwrap();
    requests.disconnected();
    let narrow = Limits::new(1_000, 3, Duration::from_secs(900));
    assert_eq!(requests.next_frame(Instant::now(), &narrow), None);
    let refusal = Box::new(RequestError::TooLong { limit: 3 });
    let expected = RequestError::OutcomeUnknown { refusal };
    assert_eq!(answer.try_recv().unwrap(), Err(expected));
}

#[test]
fn a_cancelled_request_in_flight_is_not_resent() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let abandoned = say(&mut requests, "never mind");
    let _awaited = say(&mut requests, "still wanted");
    next(&mut requests, now).unwrap();
    next(&mut requests, now).unwrap();
    requests.disconnected();
    drop(abandoned);
    let (_, packet) = next(&mut requests, now).unwrap();
    assert_eq!(text_of(&packet), "still wanted");
    assert_eq!(next(&mut requests, now), None);
}

#[test]
fn a_cancelled_retry_does_not_delay_later_requests() {
    let mut requests = Requests::default();
    let now = Instant::now();
    let abandoned = say(&mut requests, "never mind");
    next(&mut requests, now).unwrap();
    requests.disconnected();
    let (name, _) = next(&mut requests, now).unwrap();
    requests.answered(&name, too_fast(Duration::from_secs(60)), now);
    let _new = say(&mut requests, "new");
    assert_eq!(next(&mut requests, now), None);
    drop(abandoned);
    let (_, packet) = next(&mut requests, now).unwrap();
    assert_eq!(text_of(&packet), "new");
}
