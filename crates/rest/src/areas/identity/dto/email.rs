use abu_domain::identity::user::UserEmail;

use crate::areas::prelude::*;

json_form! {
    /// An e-mail address of the caller.
    #[schema(as = EmailAddress, example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "email": "amina@example.com",
        "is_primary": true,
        "verified_at": "2026-01-05T08:30:00Z",
        "created_at": "2026-01-05T08:30:00Z",
    }))]
    pub(crate) struct Email from email: UserEmail {
        uuid: Uuid = email.id.uuid(),
        /// In lower case.
        email: String = email.email.as_str().to_owned(),
        /// Where mail goes.
        is_primary: bool = email.is_primary,
        /// When they proved that they read what is sent there; null until then.
        verified_at: Option<DateTime<Utc>> = email.verified_at.filter(|_| !email.awaits_proof),
        created_at: DateTime<Utc> = email.created_at,
    }
}
