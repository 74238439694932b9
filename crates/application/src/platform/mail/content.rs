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
        /// Somebody registered.
        VerifyEmail => "verify_email",
        /// Somebody registered with an address that has an account.
        AccountExists => "account_exists",
        /// Somebody has forgotten a password.
        ResetPassword => "reset_password",
        /// A password was changed.
        PasswordChanged => "password_changed",
        /// Somebody wants another address.
        EmailChangeConfirm => "email_change_confirm",
        /// Somebody has another address.
        EmailChanged => "email_changed",
        /// Somebody has their old address back.
        EmailChangeUndone => "email_change_undone",
        /// A session was ended because its token was used twice.
        RefreshReused => "refresh_reused",
        /// Logging in takes a second factor now.
        TotpEnabled => "totp_enabled",
        /// Logging in takes no second factor any more.
        TotpDisabled => "totp_disabled",
        /// An account is ready but for its password.
        ChoosePassword => "choose_password",
        /// Somebody wants one more address for their account.
        VerifyFurtherEmail => "verify_further_email",
        /// Somebody has one more address.
        EmailAdded => "email_added",
        /// Somebody wants an address for their account that belongs to another one.
        AddressInUse => "address_in_use",
        /// The office gave an account another address.
        EmailReplaced => "email_replaced",
    }
}

/// A mail, as what it tells. Links in it are known by the id of what they lead to; the secret in them
/// is made of that when the mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailContent {
    /// To a new account: confirm the address.
    VerifyEmail {
        /// What the link confirms.
        verification_id: Uuid,
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To the owner of an account whose address somebody tried to register again: log in, or reset
    /// the password.
    AccountExists {
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To somebody who has forgotten their password: choose another.
    ResetPassword {
        /// What the link resets.
        reset_id: Uuid,
        /// Whom to greet.
        firstname: PersonName,
    },
    /// The password was changed.
    PasswordChanged {
        /// Whom to greet.
        firstname: PersonName,
        /// When.
        at: DateTime<Utc>,
    },
    /// To the address that an account is to have: confirm it.
    EmailChangeConfirm {
        /// What the link confirms.
        verification_id: Uuid,
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To the address that an account had until now, with a way back.
    EmailChanged {
        /// What the link undoes.
        change_id: Uuid,
        /// Whom to greet.
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
        /// Whom to greet.
        firstname: PersonName,
    },
    /// A session was ended because its token was used twice, as only a thief's copy is.
    RefreshReused {
        /// Whom to greet.
        firstname: PersonName,
        /// What the session's device called itself.
        device_name: Option<String>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Logging in takes a second factor now.
    TotpEnabled {
        /// Whom to greet.
        firstname: PersonName,
        /// When.
        at: DateTime<Utc>,
    },
    /// Logging in takes no second factor any more.
    TotpDisabled {
        /// Whom to greet.
        firstname: PersonName,
        /// When.
        at: DateTime<Utc>,
    },
    /// To somebody who proved the address of an account that has no password: choose one.
    ChoosePassword {
        /// What the link resets.
        reset_id: Uuid,
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To an address that an account is to have besides its others: confirm it.
    VerifyFurtherEmail {
        /// What the link confirms.
        verification_id: Uuid,
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To the primary address of an account that has one more address now.
    EmailAdded {
        /// Whom to greet.
        firstname: PersonName,
        /// The address that was added.
        new_address_masked: MaskedEmail,
    },
    /// To the owner of an account whose address somebody wants for another account.
    AddressInUse {
        /// Whom to greet.
        firstname: PersonName,
    },
    /// To the address that an account had until the office gave it another one.
    EmailReplaced {
        /// Whom to greet.
        firstname: PersonName,
        /// The address that the account has now.
        new_address_masked: MaskedEmail,
    },
}

impl MailContent {
    /// What it is about.
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
