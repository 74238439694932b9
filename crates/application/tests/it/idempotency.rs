//! Idempotency keys: first, repeated, in flight, reused, abandoned.

use abu_application::{
    access::{
        AccessError, Caller,
        idempotency::{ABANDONED_AFTER, Begun, Claim, IdempotencyError, KEPT_FOR, KeyedRequest},
    },
    platform::ports::StoredResponse,
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use uuid::Uuid;

use crate::support::{TestApp, assert_refused, new_id};

const MOMENT: TimeDelta = TimeDelta::microseconds(1);

/// A client that repeats one request.
struct Client {
    app: TestApp,
    request: KeyedRequest,
}

impl Client {
    fn new() -> Self {
        let app = TestApp::new();
        let caller = app.member().create().caller();
        let request = request(Some(caller), new_id());
        Self { app, request }
    }

    async fn begin(&self) -> Result<Begun, IdempotencyError> {
        self.begin_with(self.request.clone()).await
    }

    async fn begin_with(&self, request: KeyedRequest) -> Result<Begun, IdempotencyError> {
        self.app.use_cases.access.idempotency.begin(request).await
    }

    async fn claim(&self) -> Claim {
        first(self.begin().await)
    }

    async fn finish(&self, claim: Claim, answer: Option<StoredResponse>) {
        let idempotency = &self.app.use_cases.access.idempotency;
        idempotency.finish(claim, answer).await.unwrap();
    }
}

fn request(caller: Option<Caller>, key: Uuid) -> KeyedRequest {
    KeyedRequest {
        caller,
        route: "POST /rooms".to_owned(),
        key,
        fingerprint: [1; 32],
    }
}

fn answer(text: &str) -> StoredResponse {
    StoredResponse {
        status: 201,
        content_type: Some("application/json".to_owned()),
        location: Some("/rooms/1".to_owned()),
        etag: None,
        body: text.as_bytes().to_vec(),
    }
}

#[track_caller]
fn first(begun: Result<Begun, IdempotencyError>) -> Claim {
    match begun {
        Ok(Begun::First(claim)) => claim,
        other => panic!("not the first: {other:?}"),
    }
}

#[track_caller]
fn again(begun: Result<Begun, IdempotencyError>) -> StoredResponse {
    match begun {
        Ok(Begun::Again(answer)) => answer,
        other => panic!("not answered before: {other:?}"),
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let client = Client::new();
    let claim = client.claim().await;
    client.finish(claim, Some(answer("made"))).await;
    for _ in 0..2 {
        assert!(again(client.begin().await) == answer("made"));
    }
}

#[tokio::test]
async fn a_request_in_flight_is_not_carried_out_twice() {
    let client = Client::new();
    let claim = client.claim().await;
    assert_refused!(client.begin().await, IdempotencyError::InFlight);
    client.finish(claim, Some(answer("made"))).await;
    again(client.begin().await);
}

#[tokio::test]
async fn of_simultaneous_requests_with_one_key_one_is_the_first() {
    let client = Client::new();
    let begun = join_all((0..6).map(|_| client.begin())).await;
    let firsts = begun
        .iter()
        .filter(|one| matches!(one, Ok(Begun::First(_))));
    assert_eq!(firsts.count(), 1);
    for other in begun.iter().filter(|one| one.is_err()) {
        assert!(
            matches!(other, Err(IdempotencyError::InFlight)),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn a_key_reused_for_another_request_is_refused() {
    let client = Client::new();
    let claim = client.claim().await;
    let other = || KeyedRequest {
        fingerprint: [2; 32],
        ..client.request.clone()
    };
    let refused = client.begin_with(other()).await;
    assert_refused!(refused, IdempotencyError::Reused);
    client.finish(claim, Some(answer("made"))).await;
    let refused = client.begin_with(other()).await;
    assert_refused!(refused, IdempotencyError::Reused);
    again(client.begin().await);
}

#[tokio::test]
async fn a_key_belongs_to_one_caller_and_one_route() {
    let client = Client::new();
    client.claim().await;
    let stranger = client.app.member().create().caller();
    for caller in [Some(stranger), None] {
        let request = request(caller, client.request.key);
        first(client.begin_with(request).await);
    }
    let elsewhere = KeyedRequest {
        route: "POST /users".to_owned(),
        ..client.request.clone()
    };
    first(client.begin_with(elsewhere).await);
}

#[tokio::test]
async fn an_unanswered_request_is_abandoned_after_a_minute() {
    let client = Client::new();
    client.claim().await;
    client.app.clock.advance(ABANDONED_AFTER);
    assert_refused!(client.begin().await, IdempotencyError::InFlight);
    client.app.clock.advance(MOMENT);
    first(client.begin().await);
}

#[tokio::test]
async fn an_abandoned_key_still_refuses_another_request() {
    let client = Client::new();
    client.claim().await;
    client.app.clock.advance(ABANDONED_AFTER + MOMENT);
    let other = KeyedRequest {
        fingerprint: [2; 32],
        ..client.request.clone()
    };
    let refused = client.begin_with(other).await;
    assert_refused!(refused, IdempotencyError::Reused);
}

#[tokio::test]
async fn the_late_answer_of_an_abandoned_request_is_dropped() {
    let client = Client::new();
    let abandoned = client.claim().await;
    client.app.clock.advance(ABANDONED_AFTER + MOMENT);
    let successor = client.claim().await;
    client.finish(abandoned, Some(answer("late"))).await;
    assert_refused!(client.begin().await, IdempotencyError::InFlight);
    client.finish(successor, Some(answer("in time"))).await;
    assert!(again(client.begin().await) == answer("in time"));
}

#[tokio::test]
async fn a_request_without_an_answer_is_carried_out_again() {
    let client = Client::new();
    let claim = client.claim().await;
    client.finish(claim, None).await;
    client.claim().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let client = Client::new();
    let claim = client.claim().await;
    client.finish(claim, Some(answer("made"))).await;
    client.app.clock.advance(KEPT_FOR);
    again(client.begin().await);
    client.app.clock.advance(MOMENT);
    // The key is free for any request then.
    let other = KeyedRequest {
        fingerprint: [2; 32],
        ..client.request.clone()
    };
    first(client.begin_with(other).await);
}

#[tokio::test]
async fn an_ended_session_or_suspended_account_gets_no_kept_answer() {
    let app = TestApp::new();
    let member = app.member().create();
    let caller = app.new_caller(&member).await;
    let request = request(Some(caller.clone()), new_id());
    let client = Client { app, request };
    let claim = client.claim().await;
    client.finish(claim, Some(answer("made"))).await;
    let use_cases = &client.app.use_cases;
    use_cases.identity.sessions.log_out(caller).await.unwrap();
    assert_refused!(
        client.begin().await,
        IdempotencyError::Access(AccessError::SessionEnded)
    );

    let by_another = KeyedRequest {
        caller: Some(member.caller()),
        ..client.request.clone()
    };
    again(client.begin_with(by_another.clone()).await);
    let now = client.app.now();
    client
        .app
        .store(|tx| tx.set_active(member.id(), false, now));
    let refused = client.begin_with(by_another).await;
    assert_refused!(refused, IdempotencyError::Access(AccessError::Suspended));
}
