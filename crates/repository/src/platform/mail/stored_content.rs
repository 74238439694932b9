//! Serialization of mail parameters: `kind`, and `params` in JSON.

use abu_application::platform::mail::MailContent;
use abu_domain::platform::text::{MaskedEmail, PersonName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, json};
use uuid::Uuid;

/// The stored form of [`MailContent`]. Rows hold these names: a new field needs a default, and existing
/// names must not change.
#[derive(Serialize, Deserialize)]
#[serde(
    remote = "MailContent",
    tag = "kind",
    content = "params",
    rename_all = "snake_case"
)]
enum StoredContent {
    VerifyEmail {
        verification_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    AccountExists {
        #[serde(with = "name")]
        firstname: PersonName,
    },
    ResetPassword {
        reset_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    PasswordChanged {
        #[serde(with = "name")]
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    EmailChangeConfirm {
        verification_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    EmailChanged {
        change_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
        #[serde(with = "masked")]
        new_address_masked: MaskedEmail,
        undo_until: DateTime<Utc>,
    },
    EmailChangeUndone {
        reset_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    RefreshReused {
        #[serde(with = "name")]
        firstname: PersonName,
        device_name: Option<String>,
        at: DateTime<Utc>,
    },
    TotpEnabled {
        #[serde(with = "name")]
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    TotpDisabled {
        #[serde(with = "name")]
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    ChoosePassword {
        reset_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    VerifyFurtherEmail {
        verification_id: Uuid,
        #[serde(with = "name")]
        firstname: PersonName,
    },
    EmailAdded {
        #[serde(with = "name")]
        firstname: PersonName,
        #[serde(with = "masked")]
        new_address_masked: MaskedEmail,
    },
    AddressInUse {
        #[serde(with = "name")]
        firstname: PersonName,
    },
    EmailReplaced {
        #[serde(with = "name")]
        firstname: PersonName,
        #[serde(with = "masked")]
        new_address_masked: MaskedEmail,
    },
}

/// The column `params`.
pub(super) fn params(content: &MailContent) -> Result<Value, serde_json::Error> {
    let mut stored = StoredContent::serialize(content, serde_json::value::Serializer)?;
    Ok(stored["params"].take())
}

/// `None` for an unknown kind or unreadable parameters.
pub(super) fn read(kind: &str, params: Value) -> Option<MailContent> {
    StoredContent::deserialize(json!({"kind": kind, "params": params})).ok()
}

mod name {
    use super::*;

    pub(super) fn serialize<S: Serializer>(name: &PersonName, to: S) -> Result<S::Ok, S::Error> {
        name.as_str().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PersonName, D::Error> {
        PersonName::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod masked {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        address: &MaskedEmail,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        address.as_str().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MaskedEmail, D::Error> {
        String::deserialize(from).map(MaskedEmail::from_storage)
    }
}

#[cfg(test)]
mod tests {
    use abu_domain::platform::text::EmailAddress;

    use super::*;

    fn every_content() -> Vec<MailContent> {
        let id = Uuid::from_u128(7);
        let at = DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap();
        let firstname = PersonName::parse("Ṣadé").unwrap();
        let name = || firstname.clone();
        vec![
            MailContent::VerifyEmail {
                verification_id: id,
                firstname: name(),
            },
            MailContent::AccountExists { firstname: name() },
            MailContent::ResetPassword {
                reset_id: id,
                firstname: name(),
            },
            MailContent::PasswordChanged {
                firstname: name(),
                at,
            },
            MailContent::EmailChangeConfirm {
                verification_id: id,
                firstname: name(),
            },
            MailContent::EmailChanged {
                change_id: id,
                firstname: name(),
                new_address_masked: EmailAddress::parse("amina@example.com").unwrap().masked(),
                undo_until: at,
            },
            MailContent::EmailChangeUndone {
                reset_id: id,
                firstname: name(),
            },
            MailContent::RefreshReused {
                firstname: name(),
                device_name: None,
                at,
            },
            MailContent::RefreshReused {
                firstname: name(),
                device_name: Some("A phone".into()),
                at,
            },
            MailContent::TotpEnabled {
                firstname: name(),
                at,
            },
            MailContent::TotpDisabled {
                firstname: name(),
                at,
            },
            MailContent::ChoosePassword {
                reset_id: id,
                firstname: name(),
            },
            MailContent::VerifyFurtherEmail {
                verification_id: id,
                firstname: name(),
            },
            MailContent::EmailAdded {
                firstname: name(),
                new_address_masked: EmailAddress::parse("amina@example.com").unwrap().masked(),
            },
            MailContent::AddressInUse { firstname: name() },
            MailContent::EmailReplaced {
                firstname: name(),
                new_address_masked: EmailAddress::parse("amina@example.com").unwrap().masked(),
            },
        ]
    }

    #[test]
    fn every_mail_comes_back_as_it_was_stored() {
        for content in every_content() {
            let params = params(&content).unwrap();
            assert!(params.is_object(), "{params}");
            assert_eq!(read(content.kind().name(), params), Some(content));
        }
    }

    #[test]
    fn stored_names_are_what_they_were() {
        let content = every_content().remove(0);
        let expected = json!({
            "verification_id": "00000000-0000-0000-0000-000000000007",
            "firstname": "Ṣadé",
        });
        assert_eq!(params(&content).unwrap(), expected);
    }

    #[test]
    fn what_is_no_mail_is_none() {
        for (kind, params) in [
            ("no_such_kind", json!({})),
            ("account_exists", json!({})),
            ("account_exists", json!({"firstname": ""})),
            ("account_exists", json!([])),
            (
                "verify_email",
                json!({"firstname": "Amina", "verification_id": 7}),
            ),
        ] {
            assert_eq!(read(kind, params), None, "{kind}");
        }
    }
}
