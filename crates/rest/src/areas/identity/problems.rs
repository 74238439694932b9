//! Refusals of the identity area, as problem documents.

use abu_application::{
    access::Named,
    identity::{
        accounts::AccountError,
        emails::{EmailError, LinkError, ProofError},
        own_account::OwnAccountError,
        passwords::{
            ChangePasswordError, ConfirmError, NewPasswordError, ResetError, SendResetError,
        },
        ports::{PasswordWeakness, TokenError},
        sessions::{LogInError, RefreshError, SessionError, TotpError},
    },
};

use crate::{
    areas::access::problems::{account_suspended, email_unverified, last_super_admin, unknown},
    input::FieldError,
    problem::{Problem, ProblemKind},
};

fn gone() -> Problem {
    Problem::new(
        ProblemKind::Gone,
        "The link is not good, or not any more. Have another one sent.",
    )
}

/// What is wrong with the new password in the body's field `name`.
fn refused_password(name: &str, error: NewPasswordError) -> Problem {
    match error {
        NewPasswordError::Weak(weakness) => {
            let code = match weakness {
                PasswordWeakness::Guessable { .. } => "password.weak",
                PasswordWeakness::Personal => "password.personal",
            };
            let rule = weakness.to_string();
            Problem::in_field(name, code, rule)
        }
        NewPasswordError::Store(error) => error.into(),
        NewPasswordError::Hashing(cause) => Problem::internal(cause),
    }
}

/// The caller did not prove who they are by the body's field `name`.
fn unconfirmed(name: &str, error: ConfirmError) -> Problem {
    match error {
        ConfirmError::Access(error) => error.into(),
        ConfirmError::WrongPassword => {
            Problem::in_field(name, "password.wrong", "is not the password of the account")
        }
        ConfirmError::Store(error) => error.into(),
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => {
                Self::new(ProblemKind::TokenExpired, "The access token has expired.")
            }
            TokenError::Invalid => {
                Self::new(ProblemKind::InvalidToken, "The access token is not valid.")
            }
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => Self::new(
                ProblemKind::InvalidCredentials,
                "The e-mail address, the password or the one-time password is wrong.",
            ),
            LogInError::OtpRequired => Self::new(
                ProblemKind::OtpRequired,
                "Send a one-time password or a recovery code as otp.",
            ),
            LogInError::Suspended => account_suspended(),
            LogInError::Store(error) => error.into(),
            LogInError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => {
                Self::new(ProblemKind::InvalidToken, "The refresh token is not valid.")
            }
            RefreshError::Expired => Self::new(
                ProblemKind::TokenExpired,
                "The session was not refreshed for too long. Log in again.",
            ),
            RefreshError::Reused => Self::new(
                ProblemKind::RefreshReused,
                "The refresh token was used before, so the session was ended. Log in again.",
            ),
            RefreshError::Suspended => account_suspended(),
            RefreshError::Store(error) => error.into(),
            RefreshError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Access(error) => error.into(),
            SessionError::NotFound => Self::new(ProblemKind::NotFound, "There is no such session."),
            SessionError::Store(error) => error.into(),
        }
    }
}

impl From<TotpError> for Problem {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::Confirm(error) => unconfirmed("password", error),
            TotpError::WrongOtp => Self::in_field(
                "otp",
                "otp.wrong",
                "is not what the device shows now, nor a recovery code, or was used before",
            ),
            TotpError::AlreadyEnabled => Self::conflict(
                "totp-enabled",
                "One-time passwords are set up already. Remove them first to use another device.",
            ),
            TotpError::NotEnabled => Self::conflict(
                "totp-not-enabled",
                "One-time passwords are not set up. Begin with POST /api/v1/auth/totp.",
            ),
            TotpError::Store(error) => error.into(),
            TotpError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Access(error) => error.into(),
            AccountError::NotFound => Self::new(ProblemKind::NotFound, "There is no such account."),
            AccountError::EmailTaken => Self::new(
                ProblemKind::Duplicate,
                "The e-mail address has an account already.",
            )
            .with_errors(vec![FieldError::in_body(
                "email",
                "email.taken",
                "has an account already",
            )]),
            AccountError::UnknownGroups(names) => unknown(Named::Group, &names),
            AccountError::Unverified => email_unverified(),
            AccountError::LastSuperAdmin => last_super_admin(),
            AccountError::Superuser => Self::conflict(
                "superuser",
                "A superuser is always a super admin. Suspend the account, or have it erased.",
            ),
            AccountError::OwnEmail => Self::conflict(
                "own-account",
                "Change your own address with POST /api/v1/me/email, which asks for your password.",
            ),
            AccountError::OwnErasure => Self::conflict(
                "own-account",
                "Nobody has their own account erased this way: ask another one of the staff.",
            ),
            AccountError::Changed(error) => error.into(),
            AccountError::Password(error) => refused_password("password", error),
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Link(error) => error.into(),
            ProofError::PasswordRequired => Self::in_field(
                "password",
                "required",
                "is required: the link completes a registration",
            ),
            ProofError::Password(error) => refused_password("password", error),
            ProofError::LogIn(error) => error.into(),
            ProofError::Store(error) => error.into(),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Gone => gone(),
            ResetError::Password(error) => refused_password("password", error),
            ResetError::Store(error) => error.into(),
        }
    }
}

impl From<SendResetError> for Problem {
    fn from(error: SendResetError) -> Self {
        match error {
            SendResetError::Access(error) => error.into(),
            SendResetError::NotFound => {
                Self::new(ProblemKind::NotFound, "There is no such account.")
            }
            SendResetError::Suspended => Self::conflict(
                "suspended",
                "The account is suspended: no password opens it until it is activated.",
            ),
            SendResetError::Unverified => email_unverified(),
            SendResetError::Store(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::NotYours => Self::new(
                ProblemKind::PermissionDenied,
                "Only its owner changes the password of an account.",
            ),
            ChangePasswordError::Confirm(error) => unconfirmed("current_password", error),
            ChangePasswordError::Password(error) => refused_password("new_password", error),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

impl From<EmailError> for Problem {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Confirm(error) => unconfirmed("password", error),
            EmailError::NotFound => Self::new(ProblemKind::NotFound, "There is no such address."),
            EmailError::AlreadyYours => Self::new(
                ProblemKind::Duplicate,
                "The account has this address already.",
            )
            .with_errors(vec![FieldError::in_body(
                "email",
                "email.yours",
                "belongs to the account already",
            )]),
            EmailError::TooMany => Self::conflict(
                "too-many-addresses",
                "The account has as many addresses as it may have. Remove one first.",
            ),
            EmailError::Primary => Self::conflict(
                "primary-address",
                "The primary address cannot be removed. Make another one the primary one first.",
            ),
            EmailError::Store(error) => error.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Gone => gone(),
            LinkError::Access(error) => error.into(),
            LinkError::Store(error) => error.into(),
        }
    }
}

impl From<OwnAccountError> for Problem {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::Access(error) => error.into(),
            OwnAccountError::NamesLocked => Self::conflict(
                "names-locked",
                "The university has verified these names; only the alumni office changes them.",
            ),
            OwnAccountError::Store(error) => error.into(),
        }
    }
}
