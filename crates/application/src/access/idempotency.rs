//! Idempotency keys: a retried request takes effect once.
//!
//! The first request with a key claims it, and its response is stored for the retries. Claim and
//! change are two transactions. If a process dies after the change and before its response is
//! stored, the claim expires as abandoned. The next retry then takes effect again.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Context,
    access::{self, AccessError, Caller},
    platform::ports::{KnownRequest, RequestKey, StoreError, StoredResponse},
};

/// Retention of a stored response.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// Age at which a claim without a response counts as abandoned; no request takes as long.
pub const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(60);

#[derive(Clone)]
pub struct Idempotency {
    pub context: Context,
}

#[derive(Clone, Debug)]
pub struct KeyedRequest {
    /// `None` for a client that is not logged in.
    pub caller: Option<Caller>,
    pub route: String,
    /// The client's `Idempotency-Key`.
    pub key: Uuid,
    /// Differs between different requests.
    pub fingerprint: [u8; 32],
}

/// The right to carry out a request, and the duty to [`finish`](Idempotency::finish) it.
#[derive(Debug)]
pub struct Claim {
    key: RequestKey,
    claimed_at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum Begun {
    /// Carry out the request: it is the first with its key.
    First(Claim),
    /// Replay this response.
    Again(StoredResponse),
}

#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The first request with the key is in progress.
    #[error("the first request with this key is still under way")]
    InFlight,
    /// Another request holds the key.
    #[error("the key belongs to another request")]
    Reused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Idempotency {
    /// Claims the key, or replays the stored response. Of two concurrent requests one claims it. A
    /// replay needs a caller whose session lasts and whose account is not suspended.
    pub async fn begin(&self, request: KeyedRequest) -> Result<Begun, IdempotencyError> {
        let KeyedRequest {
            caller,
            route,
            key,
            fingerprint,
        } = request;
        let user = caller.as_ref().map(|caller| caller.user);
        let key = RequestKey { user, route, key };
        let now = self.context.clock.now();
        self.context
            .database
            .transaction(move |tx| {
                if let Some(caller) = caller {
                    // The use case checks whether the account is deactivated.
                    access::require_self(tx, &caller)?;
                }
                let (until, abandoned) = (now + KEPT_FOR, now - ABANDONED_AFTER);
                if tx.claim_key(&key, &fingerprint, now, until, abandoned)? {
                    let claimed_at = now;
                    return Ok(Begun::First(Claim { key, claimed_at }));
                }
                match tx.known_request(&key)? {
                    Some(known) if known.fingerprint != fingerprint => {
                        Err(IdempotencyError::Reused)
                    }
                    Some(KnownRequest {
                        answer: Some(answer),
                        ..
                    }) => Ok(Begun::Again(answer)),
                    // In progress, or released at this moment.
                    Some(_) | None => Err(IdempotencyError::InFlight),
                }
            })
            .await
    }

    /// Stores the response for retries. Without one it frees the key, so the next request with it
    /// takes effect. On an error the claim expires as abandoned.
    pub async fn finish(
        &self,
        claim: Claim,
        answer: Option<StoredResponse>,
    ) -> Result<(), StoreError> {
        let Claim { key, claimed_at } = claim;
        self.context
            .database
            .transaction(move |tx| match answer {
                Some(answer) => tx.keep_answer(&key, claimed_at, &answer),
                None => tx.release_key(&key, claimed_at),
            })
            .await
    }
}
