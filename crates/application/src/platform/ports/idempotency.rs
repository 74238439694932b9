use std::fmt;

use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreError;

/// The scope of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// `None` for a client that is not logged in.
    pub user: Option<UserId>,
    pub route: String,
    /// The client's `Idempotency-Key`.
    pub key: Uuid,
}

/// A stored response. The store does not interpret its parts.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResponse {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

/// Hides all but the status: responses hold personal data.
impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredResponse({}, …)", self.status)
    }
}

/// An earlier request with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRequest {
    /// Differs between different requests.
    pub fingerprint: Vec<u8>,
    /// `None` while the request is in progress.
    pub answer: Option<StoredResponse>,
}

pub trait IdempotencyReads {
    fn known_request(&mut self, key: &RequestKey) -> Result<Option<KnownRequest>, StoreError>;
}

pub trait IdempotencyWrites {
    /// Claims the key from `now` to `expires_at`, unless another claim holds it. An expired key is
    /// free. So is one that the same request claimed before `abandoned_before` and that has no
    /// answer. Also deletes some expired keys.
    ///
    /// True if the caller now holds the key; `now` identifies the claim.
    fn claim_key(
        &mut self,
        key: &RequestKey,
        fingerprint: &[u8],
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        abandoned_before: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Stores the response if the claim of `claimed_at` still holds the key.
    fn keep_answer(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
        answer: &StoredResponse,
    ) -> Result<(), StoreError>;

    /// Frees the key if the claim of `claimed_at` still holds it without a response.
    fn release_key(
        &mut self,
        key: &RequestKey,
        claimed_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
