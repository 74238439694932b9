use abu_domain::identity::user::UserEmail;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An e-mail address of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailAddress, example = json!({
    "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "email": "amina@example.com",
    "is_primary": true,
    "verified_at": "2026-01-05T08:30:00Z",
    "created_at": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct Email {
    uuid: Uuid,
    /// In lower case.
    email: String,
    /// Where mail goes.
    is_primary: bool,
    /// When they proved that they read what is sent there; null until then.
    verified_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<UserEmail> for Email {
    fn from(email: UserEmail) -> Self {
        Self {
            uuid: email.id.uuid(),
            email: email.email.as_str().to_owned(),
            is_primary: email.is_primary,
            verified_at: email.verified_at.filter(|_| !email.awaits_proof),
            created_at: email.created_at,
        }
    }
}
