//! Requests that are done once, however often a client sends them for want of an answer.
//!
//! The client names what it wants done by a key. The first request with it claims the key; what it was
//! answered is kept for those that come later. Key and change are not one transaction: where a process
//! ends after a change and before its answer is kept, the key is taken to be abandoned after a while,
//! and the request is carried out again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Database,
    access::{self, AccessError, Caller},
    ports::{Clock, KnownRequest, RequestKey, StoreError, StoredResponse},
};

/// For how long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// After how long a request that was never answered counts as abandoned: longer than any takes.
pub const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// The use cases of keys.
#[derive(Clone)]
pub struct Idempotency {
    /// The store.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A request that is to be done once.
#[derive(Clone, Debug)]
pub struct KeyedRequest {
    /// Who asks; `None` for whoever is not logged in.
    pub caller: Option<Caller>,
    /// What is asked for: the route.
    pub route: String,
    /// The client's own name for it.
    pub key: Uuid,
    /// Differs between requests that differ.
    pub fingerprint: [u8; 32],
}

/// The right to carry out a request, and the duty to [`finish`](Idempotency::finish) it.
#[derive(Debug)]
pub struct Claim {
    key: RequestKey,
    claimed_at: DateTime<Utc>,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Begun {
    /// Carry it out: it is the first.
    First(Claim),
    /// Answer this: it has been carried out.
    Again(StoredResponse),
}

/// Why a request with a key is neither carried out nor answered.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The caller may not use the platform.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The first one is still under way.
    #[error("the first request with this key is still under way")]
    InFlight,
    /// The key is another request's.
    #[error("the key belongs to another request")]
    Reused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Idempotency {
    /// Whether a request is the first with its key; of two at the same moment one is. What was
    /// answered before is told only to whoever may still use the platform.
    pub async fn begin(&self, request: KeyedRequest) -> Result<Begun, IdempotencyError> {
        let KeyedRequest {
            caller,
            route,
            key,
            fingerprint,
        } = request;
        let user = caller.as_ref().map(|caller| caller.user);
        let key = RequestKey { user, route, key };
        let now = self.clock.now();
        self.database
            .transaction(move |tx| {
                if let Some(caller) = caller {
                    // Whether the account is hidden is for the use case to see.
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
                    // Under way, or let go at this very moment.
                    Some(_) | None => Err(IdempotencyError::InFlight),
                }
            })
            .await
    }

    /// Keeps the answer for those who ask again. Without one the key is let go, and the next request
    /// with it is carried out.
    ///
    /// # Errors
    /// [`StoreError`]. The key is abandoned then.
    pub async fn finish(
        &self,
        claim: Claim,
        answer: Option<StoredResponse>,
    ) -> Result<(), StoreError> {
        let Claim { key, claimed_at } = claim;
        self.database
            .transaction(move |tx| match answer {
                Some(answer) => tx.keep_answer(&key, claimed_at, &answer),
                None => tx.release_key(&key, claimed_at),
            })
            .await
    }
}
