//! Kinds of mail and their parameters.
//!
//! A new mail is one entry of the table below and two templates of its name in `abu-mail`, `.txt` and
//! `.html`, which `abu-mail` lists.

use abu_domain::{
    named_enum,
    platform::text::{MaskedEmail, PersonName},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

named_enum! {
    /// The state of a mail in the outbox.
    pub enum MailState {
        /// It waits for its next attempt, or is just being sent.
        Pending => "pending",
        /// The mail server has taken it.
        Sent => "sent",
        /// It is a dead letter.
        Dead => "dead",
    }
}

macro_rules! mails {
    ($($(#[$doc:meta])* $kind:ident => $name:literal { $($param:ident: $type:ty,)* })*) => {
        named_enum! {
            /// What a mail is about.
            pub enum MailKind {
                $($(#[$doc])* $kind => $name,)*
            }
        }

        /// The parameters of a mail; the columns `kind` and `params` of the outbox. A link is stored
        /// as the id of its target; delivery derives the secret in the link from that id.
        ///
        /// Rows of earlier releases hold these names: params keep their names, and new ones have a
        /// default.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "params")]
        pub enum MailContent {
            $($(#[$doc])* #[serde(rename = $name)] $kind { $($param: $type,)* },)*
        }

        impl MailContent {
            pub const fn kind(&self) -> MailKind {
                match self { $(Self::$kind { .. } => MailKind::$kind,)* }
            }
        }
    };
}

mails! {
    /// To a registration: confirm the address and choose a password.
    VerifyEmail => "verify_email" {
        verification_id: Uuid,
        firstname: PersonName,
    }
    /// To the owner of an account when a registration uses its address: log in, or reset the password.
    AccountExists => "account_exists" {
        firstname: PersonName,
    }
    /// To a user who requested a password reset: choose another password.
    ResetPassword => "reset_password" {
        reset_id: Uuid,
        firstname: PersonName,
    }
    /// The password was changed.
    PasswordChanged => "password_changed" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// To the address that an account is to have: confirm it.
    EmailChangeConfirm => "email_change_confirm" {
        verification_id: Uuid,
        firstname: PersonName,
    }
    /// To the address that an account had until now, with a way back.
    EmailChanged => "email_changed" {
        change_id: Uuid,
        firstname: PersonName,
        new_address_masked: MaskedEmail,
        undo_until: DateTime<Utc>,
    }
    /// The account has its old address back, and no password: choose another.
    EmailChangeUndone => "email_change_undone" {
        reset_id: Uuid,
        firstname: PersonName,
    }
    /// A session was ended because its token was used twice, as only a thief's copy is.
    RefreshReused => "refresh_reused" {
        firstname: PersonName,
        device_name: Option<String>,
        at: DateTime<Utc>,
    }
    /// Logging in takes a second factor now.
    TotpEnabled => "totp_enabled" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// Logging in takes no second factor any more.
    TotpDisabled => "totp_disabled" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// Wrong one-time passwords came after the right password, which an attacker may know.
    TotpWrong => "totp_wrong" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// To a user who verified the address of an account without a password: choose one. Only rows of
    /// the previous release are of this kind.
    ChoosePassword => "choose_password" {
        reset_id: Uuid,
        firstname: PersonName,
    }
    /// To an address that an account is to have besides its others: confirm it.
    VerifyFurtherEmail => "verify_further_email" {
        verification_id: Uuid,
        firstname: PersonName,
    }
    /// To the primary address of an account that has one more address now.
    EmailAdded => "email_added" {
        firstname: PersonName,
        new_address_masked: MaskedEmail,
    }
    /// To the owner of an account when another account claims its address.
    AddressInUse => "address_in_use" {
        firstname: PersonName,
    }
    /// To the address that an account had until the office gave it another one.
    EmailReplaced => "email_replaced" {
        firstname: PersonName,
        new_address_masked: MaskedEmail,
    }
    /// To the owner of an account that an administrator created, who asked to confirm its address.
    ConfirmAccountEmail => "confirm_account_email" {
        verification_id: Uuid,
        firstname: PersonName,
    }
    /// To the owner of an account whose second factor the office removed.
    TotpReset => "totp_reset" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// To the primary address of an account that claims another address: approve it.
    ApproveEmail => "approve_email" {
        verification_id: Uuid,
        firstname: PersonName,
        new_address_masked: MaskedEmail,
    }
    /// To a user who asked for the erasure of their account: when it happens, and how to cancel it.
    ErasureScheduled => "erasure_scheduled" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// The last mail to a user whose account is being erased.
    AccountErased => "account_erased" {
        firstname: PersonName,
    }
    /// To a user whose export of their data can be fetched.
    ExportReady => "export_ready" {
        firstname: PersonName,
        until: DateTime<Utc>,
    }
    /// The alumni office has a claim, and decides by this time.
    ClaimUnderReview => "claim_under_review" {
        firstname: PersonName,
        due_at: DateTime<Utc>,
    }
    /// The alumni office asks about a claim.
    ClaimInfoRequested => "claim_info_requested" {
        firstname: PersonName,
        reason: Option<String>,
        message: Option<String>,
    }
    /// The account is verified as a graduate.
    ClaimVerified => "claim_verified" {
        firstname: PersonName,
    }
    /// The alumni office has rejected a claim.
    ClaimRejected => "claim_rejected" {
        firstname: PersonName,
        reason: Option<String>,
        message: Option<String>,
    }
    /// A claim was withdrawn, or ended without an answer.
    ClaimWithdrawn => "claim_withdrawn" {
        firstname: PersonName,
        expired: bool,
    }
    /// The alumni office has revoked a verification.
    ClaimRevoked => "claim_revoked" {
        firstname: PersonName,
        reason: Option<String>,
        message: Option<String>,
    }
    /// To the account that is linked to a record which another account claims.
    ClaimOnYourRecord => "claim_on_your_record" {
        firstname: PersonName,
        at: DateTime<Utc>,
    }
    /// To the address on record: a code that a claimant asked for.
    ClaimMailboxCode => "claim_mailbox_code" {
        invitation_id: Uuid,
        firstname: PersonName,
        expires_at: DateTime<Utc>,
    }
    /// To the address on record: the alumni office invites its owner.
    ClaimInvitation => "claim_invitation" {
        invitation_id: Uuid,
        firstname: PersonName,
        expires_at: DateTime<Utc>,
    }
}

impl MailContent {
    /// The column `params`.
    pub fn params(&self) -> Result<Value, serde_json::Error> {
        let mut stored = serde_json::to_value(self)?;
        Ok(stored["params"].take())
    }

    /// Reads the columns `kind` and `params`; `None` where this release knows no such content.
    pub fn from_columns(kind: &str, params: Value) -> Option<Self> {
        serde_json::from_value(json!({"kind": kind, "params": params})).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of each kind, as earlier releases stored it.
    fn stored() -> Vec<(&'static str, Value)> {
        let id = "00000000-0000-0000-0000-000000000007";
        let at = "2027-01-15T08:00:00.123456Z";
        let firstname = "Ṣadé";
        let new_address_masked = "a***@example.com";
        let verification = json!({"verification_id": id, "firstname": firstname});
        let reset = json!({"reset_id": id, "firstname": firstname});
        let time = json!({"firstname": firstname, "at": at});
        let address = json!({"firstname": firstname, "new_address_masked": new_address_masked});
        let decision = json!({
            "firstname": firstname,
            "reason": "more-details",
            "message": "Which year?",
        });
        let invitation = json!({"invitation_id": id, "firstname": firstname, "expires_at": at});
        vec![
            ("verify_email", verification.clone()),
            ("account_exists", json!({"firstname": firstname})),
            ("reset_password", reset.clone()),
            ("password_changed", time.clone()),
            ("email_change_confirm", verification.clone()),
            (
                "email_changed",
                json!({
                    "change_id": id,
                    "firstname": firstname,
                    "new_address_masked": new_address_masked,
                    "undo_until": at,
                }),
            ),
            ("email_change_undone", reset.clone()),
            (
                "refresh_reused",
                json!({"firstname": firstname, "device_name": null, "at": at}),
            ),
            ("totp_enabled", time.clone()),
            ("totp_disabled", time.clone()),
            ("totp_wrong", time.clone()),
            ("choose_password", reset),
            ("verify_further_email", verification.clone()),
            ("email_added", address.clone()),
            ("address_in_use", json!({"firstname": firstname})),
            ("email_replaced", address),
            ("confirm_account_email", verification),
            ("totp_reset", time.clone()),
            (
                "approve_email",
                json!({
                    "verification_id": id,
                    "firstname": firstname,
                    "new_address_masked": new_address_masked,
                }),
            ),
            ("erasure_scheduled", time),
            ("account_erased", json!({"firstname": firstname})),
            ("export_ready", json!({"firstname": firstname, "until": at})),
            (
                "claim_under_review",
                json!({"firstname": firstname, "due_at": at}),
            ),
            ("claim_info_requested", decision.clone()),
            ("claim_verified", json!({"firstname": firstname})),
            ("claim_rejected", decision.clone()),
            (
                "claim_withdrawn",
                json!({"firstname": firstname, "expired": true}),
            ),
            ("claim_revoked", decision),
            (
                "claim_on_your_record",
                json!({"firstname": firstname, "at": at}),
            ),
            ("claim_mailbox_code", invitation.clone()),
            ("claim_invitation", invitation),
        ]
    }

    #[test]
    fn every_kind_is_stored_under_the_names_of_earlier_releases() {
        let kinds: Vec<_> = stored().iter().map(|(kind, _)| *kind).collect();
        let all: Vec<_> = MailKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(kinds, all);
        for (kind, params) in stored() {
            let content = MailContent::from_columns(kind, params.clone()).unwrap();
            assert_eq!(content.kind().name(), kind);
            assert_eq!(content.params().unwrap(), params, "{kind}");
        }
    }

    #[test]
    fn a_device_name_is_stored_where_there_is_one() {
        let params = json!({
            "firstname": "Amina",
            "device_name": "A phone",
            "at": "2027-01-15T08:00:00Z",
        });
        let content = MailContent::from_columns("refresh_reused", params.clone()).unwrap();
        assert_eq!(content.params().unwrap(), params);
    }

    #[test]
    fn columns_that_are_no_mail_are_none() {
        for (kind, params) in [
            ("no_such_kind", json!({})),
            ("account_exists", json!({})),
            ("account_exists", json!([])),
            (
                "verify_email",
                json!({"firstname": "Amina", "verification_id": 7}),
            ),
        ] {
            assert_eq!(MailContent::from_columns(kind, params), None, "{kind}");
        }
    }
}
