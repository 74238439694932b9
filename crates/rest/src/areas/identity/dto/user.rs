use std::collections::BTreeSet;

use abu_application::identity::{own_account::OwnAccount, sessions::LogIn};
use abu_domain::identity::user;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "email": "amina@example.com",
    "firstname": "Amina",
    "middlename": null,
    "lastname": "Bello",
    "phone": "+2348031234567",
    "is_active": true,
    "is_superuser": false,
    "verification": "unverified",
    "groups": ["applicant_group"],
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
}))]
pub struct User {
    uuid: Uuid,
    /// In lower case.
    email: String,
    firstname: String,
    middlename: Option<String>,
    lastname: String,
    /// In E.164 form.
    phone: Option<String>,
    /// False while suspended.
    is_active: bool,
    /// Holds every permission.
    is_superuser: bool,
    /// Whether the university knows them as a graduate: `unverified`, `pending`, `verified` or
    /// `revoked`.
    verification: &'static str,
    /// Names of their groups, in alphabetical order.
    groups: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl From<user::User> for User {
    fn from(user: user::User) -> Self {
        Self {
            uuid: user.id.uuid(),
            email: user.email.as_str().to_owned(),
            firstname: user.firstname.as_str().to_owned(),
            middlename: user.middlename.map(|name| name.as_str().to_owned()),
            lastname: user.lastname.as_str().to_owned(),
            phone: user.phone.map(|phone| phone.as_str().to_owned()),
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            verification: user.verification.name(),
            groups: user.groups,
            created_at: user.created_at,
            last_modified: user.last_modified,
        }
    }
}

/// The caller's own account, with what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    #[serde(flatten)]
    user: User,
    /// Whether its owner has it hidden.
    #[schema(example = false)]
    is_deactivated: bool,
    /// Names of the permissions they hold.
    #[schema(example = json!(["can_view_user"]))]
    permissions: BTreeSet<String>,
}

impl From<OwnAccount> for Account {
    fn from(account: OwnAccount) -> Self {
        Self {
            user: account.user.into(),
            is_deactivated: account.is_deactivated,
            permissions: account.permissions,
        }
    }
}

/// Whose token it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenHolder {
    #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    uuid: Uuid,
    #[schema(example = "Amina")]
    firstname: String,
    #[schema(example = "Bello")]
    lastname: String,
    /// The primary address, in lower case.
    #[schema(example = "amina@example.com")]
    email: String,
    /// Whether the university knows them as a graduate.
    #[schema(example = "unverified")]
    verification: &'static str,
    /// Names of the permissions they hold.
    #[schema(example = json!(["can_view_user"]))]
    permissions: BTreeSet<String>,
}

impl TokenHolder {
    pub(crate) fn of(log_in: &LogIn) -> Self {
        Self {
            uuid: log_in.user.id.uuid(),
            firstname: log_in.user.firstname.as_str().to_owned(),
            lastname: log_in.user.lastname.as_str().to_owned(),
            email: log_in.user.email.as_str().to_owned(),
            verification: log_in.user.verification.name(),
            permissions: log_in.permissions.clone(),
        }
    }
}
