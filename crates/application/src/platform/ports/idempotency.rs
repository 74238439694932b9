use std::fmt;

use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreError;

/// What a client calls one thing that it wants done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Who asks; `None` for whoever is not logged in.
    pub user: Option<UserId>,
    /// What is asked for: the route.
    pub route: String,
    /// The client's own name for it.
    pub key: Uuid,
}

/// An answer as it was given. What its parts mean is for those who give and take it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// How it ended.
    pub status: u16,
    /// What kind of text the body is.
    pub content_type: Option<String>,
    /// Where the thing that was made is.
    pub location: Option<String>,
    /// Which version of it the body shows.
    pub etag: Option<String>,
    /// What was said.
    pub body: Vec<u8>,
}

/// Hides all but how it ended: answers hold personal data.
impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredResponse({}, …)", self.status)
    }
}

/// What is known of a request that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRequest {
    /// Differs between requests that differ.
    pub fingerprint: Vec<u8>,
    /// Its answer; `None` while it is under way.
    pub answer: Option<StoredResponse>,
}

/// Keys of requests in the store, and the answers that go with them.
pub trait IdempotencyReads {
    /// The request that has the key.
    fn known_request(&mut self, key: &RequestKey) -> Result<Option<KnownRequest>, StoreError>;
}

/// Writes beside [`IdempotencyReads`].
pub trait IdempotencyWrites {
    /// Claims the key from `now` to `expires_at`, unless it is in use: one whose time is over is not,
    /// nor is one of the same request that was claimed before `abandoned_before` and never answered.
    /// Also drops some keys whose time is over.
    ///
    /// Returns whether it is the caller's now. The caller then holds it by the time `now`.
    fn claim_key(
        &mut self,
        key: &RequestKey,
        fingerprint: &[u8],
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        abandoned_before: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Keeps the answer of whoever claimed the key at `claimed_at`, if they still hold it.
    fn keep_answer(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
        answer: &StoredResponse,
    ) -> Result<(), StoreError>;

    /// Lets go of the key that was claimed at `claimed_at`, if it is still held and has no answer.
    fn release_key(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
