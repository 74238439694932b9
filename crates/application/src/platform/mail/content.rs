use abu_domain::platform::text::{MaskedEmail, PersonName};
use chrono::{DateTime, Utc};
use uuid::Uuid;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in storage and in the API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

named! {
    /// How far a mail is.
    MailState {
        /// It waits for its next attempt, or is just being sent.
        Pending => "pending",
        /// The mail server has taken it.
        Sent => "sent",
        /// It was given up.
        Dead => "dead",
    }
}

named! {
    /// What a mail is about.
    MailKind {
        /// A user registered.
        VerifyEmail => "verify_email",
        /// A registration used the address of an account.
        AccountExists => "account_exists",
        /// A user requested a password reset.
        ResetPassword => "reset_password",
        /// A password was changed.
        PasswordChanged => "password_changed",
        /// A user claimed another primary address.
        EmailChangeConfirm => "email_change_confirm",
        /// The primary address changed.
        EmailChanged => "email_changed",
        /// The change of the primary address was undone.
        EmailChangeUndone => "email_change_undone",
        /// A session was ended because its token was used twice.
        RefreshReused => "refresh_reused",
        /// Logging in takes a second factor now.
        TotpEnabled => "totp_enabled",
        /// Logging in takes no second factor any more.
        TotpDisabled => "totp_disabled",
        /// An account is ready but for its password.
        ChoosePassword => "choose_password",
        /// A user claimed a further address.
        VerifyFurtherEmail => "verify_further_email",
        /// A further address was verified.
        EmailAdded => "email_added",
        /// A user claimed an address of another account.
        AddressInUse => "address_in_use",
        /// The office gave an account another address.
        EmailReplaced => "email_replaced",
    }
}

/// The parameters of a mail. A link is stored as the id of its target; delivery derives the secret in
/// the link from that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailContent {
    /// To a new account: confirm the address.
    VerifyEmail {
        /// What the link confirms.
        verification_id: Uuid,
        firstname: PersonName,
    },
    /// To the owner of an account when a registration uses its address: log in, or reset the password.
    AccountExists { firstname: PersonName },
    /// To a user who requested a password reset: choose another password.
    ResetPassword {
        /// What the link resets.
        reset_id: Uuid,
        firstname: PersonName,
    },
    /// The password was changed.
    PasswordChanged {
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    /// To the address that an account is to have: confirm it.
    EmailChangeConfirm {
        /// What the link confirms.
        verification_id: Uuid,
        firstname: PersonName,
    },
    /// To the address that an account had until now, with a way back.
    EmailChanged {
        /// What the link undoes.
        change_id: Uuid,
        firstname: PersonName,
        /// The address that the account has now.
        new_address_masked: MaskedEmail,
        /// Until when the link is good.
        undo_until: DateTime<Utc>,
    },
    /// The account has its old address back, and no password: choose another.
    EmailChangeUndone {
        /// What the link resets.
        reset_id: Uuid,
        firstname: PersonName,
    },
    /// A session was ended because its token was used twice, as only a thief's copy is.
    RefreshReused {
        firstname: PersonName,
        /// What the session's device called itself.
        device_name: Option<String>,
        at: DateTime<Utc>,
    },
    /// Logging in takes a second factor now.
    TotpEnabled {
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    /// Logging in takes no second factor any more.
    TotpDisabled {
        firstname: PersonName,
        at: DateTime<Utc>,
    },
    /// To a user who verified the address of an account without a password: choose one.
    ChoosePassword {
        /// What the link resets.
        reset_id: Uuid,
        firstname: PersonName,
    },
    /// To an address that an account is to have besides its others: confirm it.
    VerifyFurtherEmail {
        /// What the link confirms.
        verification_id: Uuid,
        firstname: PersonName,
    },
    /// To the primary address of an account that has one more address now.
    EmailAdded {
        firstname: PersonName,
        /// The address that was added.
        new_address_masked: MaskedEmail,
    },
    /// To the owner of an account when another account claims its address.
    AddressInUse { firstname: PersonName },
    /// To the address that an account had until the office gave it another one.
    EmailReplaced {
        firstname: PersonName,
        /// The address that the account has now.
        new_address_masked: MaskedEmail,
    },
}

impl MailContent {
    pub const fn kind(&self) -> MailKind {
        match self {
            Self::VerifyEmail { .. } => MailKind::VerifyEmail,
            Self::AccountExists { .. } => MailKind::AccountExists,
            Self::ResetPassword { .. } => MailKind::ResetPassword,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::EmailChangeConfirm { .. } => MailKind::EmailChangeConfirm,
            Self::EmailChanged { .. } => MailKind::EmailChanged,
            Self::EmailChangeUndone { .. } => MailKind::EmailChangeUndone,
            Self::RefreshReused { .. } => MailKind::RefreshReused,
            Self::TotpEnabled { .. } => MailKind::TotpEnabled,
            Self::TotpDisabled { .. } => MailKind::TotpDisabled,
            Self::ChoosePassword { .. } => MailKind::ChoosePassword,
            Self::VerifyFurtherEmail { .. } => MailKind::VerifyFurtherEmail,
            Self::EmailAdded { .. } => MailKind::EmailAdded,
            Self::AddressInUse { .. } => MailKind::AddressInUse,
            Self::EmailReplaced { .. } => MailKind::EmailReplaced,
        }
    }
}
