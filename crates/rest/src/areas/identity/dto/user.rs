use std::collections::BTreeSet;

use abu_application::identity::{own_account::OwnAccount, ports::OwnDetails};
use abu_domain::{
    identity::{text::PhoneNumber, user},
    platform::text::PersonName,
};

use crate::areas::prelude::*;

json_form! {
    /// An account.
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
    pub struct User from user: user::User {
        uuid: Uuid = user.id.uuid(),
        /// In lower case.
        email: String = user.email.as_str().to_owned(),
        firstname: String = user.firstname.as_str().to_owned(),
        middlename: Option<String> = user.middlename.map(|name| name.as_str().to_owned()),
        lastname: String = user.lastname.as_str().to_owned(),
        /// In E.164 form.
        phone: Option<String> = user.phone.map(|phone| phone.as_str().to_owned()),
        /// False while suspended.
        is_active: bool = user.is_active,
        /// Holds every permission.
        is_superuser: bool = user.is_superuser,
        /// Whether the university knows them as a graduate: `unverified`, `pending`, `verified` or
        /// `revoked`.
        verification: &'static str = user.verification.name(),
        /// Names of their groups, in alphabetical order.
        groups: Vec<String> = user.groups,
        created_at: DateTime<Utc> = user.created_at,
        last_modified: DateTime<Utc> = user.last_modified,
    }
}

/// Parses the names and the phone number of an account.
pub(crate) fn own_details(
    violations: &mut Violations,
    firstname: &str,
    middlename: Option<String>,
    lastname: &str,
    phone: Option<String>,
) -> Option<OwnDetails> {
    let firstname = violations.check("firstname", PersonName::parse(firstname));
    let middlename = violations.optional("middlename", middlename, PersonName::parse);
    let lastname = violations.check("lastname", PersonName::parse(lastname));
    let phone = violations.optional("phone", phone, PhoneNumber::parse);
    Some(OwnDetails {
        firstname: firstname?,
        middlename,
        lastname: lastname?,
        phone,
    })
}

json_form! {
    /// The caller's own account, with what they may do.
    pub(crate) struct Account from account: OwnAccount {
        #[serde(flatten)]
        user: User = account.user.into(),
        /// Whether its owner has it hidden.
        #[schema(example = false)]
        is_deactivated: bool = account.is_deactivated,
        /// Names of the permissions they hold.
        #[schema(example = json!(["can_view_user"]))]
        permissions: BTreeSet<String> = account.permissions,
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
    pub(crate) fn of(user: &user::User, permissions: BTreeSet<String>) -> Self {
        Self {
            uuid: user.id.uuid(),
            firstname: user.firstname.as_str().to_owned(),
            lastname: user.lastname.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            verification: user.verification.name(),
            permissions,
        }
    }
}
