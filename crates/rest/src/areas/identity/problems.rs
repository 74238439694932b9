//! Refusals of the identity area, as problem documents.

use abu_application::{
    access::Named,
    identity::{
        accounts::AccountError,
        emails::{EmailError, LinkError, ProofError},
        erasure::OwnErasureError,
        exports::ExportError,
        own_account::OwnAccountError,
        passwords::{
            ChangePasswordError, ConfirmError, NewPasswordError, ResetError, SendResetError,
        },
        ports::{PasswordWeakness, TokenError},
        sessions::{LogInError, RefreshError, SessionError, TotpError},
    },
    platform::rate_limits::LimitedError,
};

use abu_domain::Violation;

use crate::{
    areas::access::problems::{ACCOUNT_SUSPENDED, EMAIL_UNVERIFIED, LAST_SUPER_ADMIN, unknown},
    input::FieldError,
    problem::{Problem, ProblemKind, refusals},
};

const GONE: &str = "The link is not good, or not any more. Have another one sent.";
const ERASURE_BEGAN: &str = "The erasure of the account has begun and cannot be canceled.";
const NO_SUCH_ACCOUNT: &str = "There is no such account.";

/// What is wrong with the new password in the body's field `name`.
fn refused_password(name: &str, error: NewPasswordError) -> Problem {
    match error {
        NewPasswordError::Weak(weakness) => {
            let code = match weakness {
                PasswordWeakness::Guessable { .. } => "password.weak",
                PasswordWeakness::Personal => "password.personal",
            };
            Problem::in_field(name, code, weakness)
        }
        NewPasswordError::Store(error) => error.into(),
        NewPasswordError::Hashing(cause) => Problem::internal(cause),
    }
}

/// The full name is the office's. The last name is the field that completes it.
fn reserved_name(violation: Violation) -> Problem {
    Problem::in_field("lastname", violation.code, violation.rule)
}

/// The caller did not prove who they are by the body's field `name`.
fn unconfirmed(name: &str, error: ConfirmError) -> Problem {
    match error {
        ConfirmError::Access(error) => error.into(),
        ConfirmError::WrongPassword => {
            Problem::in_field(name, "password.wrong", "is not the password of the account")
        }
        ConfirmError::RateLimited(error) => error.into(),
        ConfirmError::Store(error) => error.into(),
    }
}

fn duplicate_email(detail: &'static str, code: &'static str, rule: &'static str) -> Problem {
    Problem::new(ProblemKind::Duplicate, detail)
        .with_errors(vec![FieldError::in_body("email", code, rule)])
}

refusals! {
    TokenError: {
        Expired => TokenExpired, "The access token has expired.";
        Invalid => InvalidToken, "The access token is not valid.";
    }

    LogInError: RateLimited, Store {
        InvalidCredentials => InvalidCredentials,
            "The e-mail address, the password or the one-time password is wrong.";
        OtpRequired => OtpRequired, "Send a one-time password or a recovery code as otp.";
        Suspended => AccountSuspended, ACCOUNT_SUSPENDED;
    } {
        LogInError::Internal(cause) => Self::internal(cause),
    }

    RefreshError: RateLimited, Store {
        Invalid => InvalidToken, "The refresh token is not valid.";
        Expired => TokenExpired, "The session was not refreshed for too long. Log in again.";
        Reused => RefreshReused,
            "The refresh token was used before, so the session was ended. Log in again.";
        Suspended => AccountSuspended, ACCOUNT_SUSPENDED;
    } {
        RefreshError::Internal(cause) => Self::internal(cause),
    }

    SessionError: Access, Store {
        NotFound => NotFound, "There is no such session.";
    }

    TotpError: RateLimited, Store {
        AlreadyEnabled => Conflict("totp-enabled"),
            "One-time passwords are set up already. Remove them first to use another device.";
        NotEnabled => Conflict("totp-not-enabled"),
            "One-time passwords are not set up. Begin with POST /api/v1/auth/totp.";
    } {
        TotpError::Confirm(error) => unconfirmed("password", error),
        TotpError::WrongOtp => {
            let rule = "is not what the device shows now, nor a recovery code, or was used before";
            Self::in_field("otp", "otp.wrong", rule)
        }
        TotpError::Internal(cause) => Self::internal(cause),
    }

    ExportError: RateLimited, Store {
        NotFound => NotFound, "There is no such copy of your data.";
        NotReady => Conflict("export-pending"), "The copy of your data is being written.";
        Gone => Gone, "The copy of your data was deleted. Have another one made.";
    } {
        ExportError::Confirm(error) => unconfirmed("password", error),
        ExportError::File(error) if error.is_transient() => {
            abu_application::platform::ports::StoreError::Unavailable(error.into()).into()
        }
        ExportError::File(error) => Self::internal(error),
    }

    OwnErasureError: Store {
        LastSuperAdmin => Conflict("last-super-admin"), LAST_SUPER_ADMIN;
        NotFound => NotFound, "No erasure of the account is scheduled that its owner can cancel.";
        Begun => Conflict("erasure-began"), ERASURE_BEGAN;
    } {
        OwnErasureError::Confirm(error) => unconfirmed("password", error),
    }

    AccountError: Access, Changed, Store {
        NotFound => NotFound, NO_SUCH_ACCOUNT;
        Unverified => Conflict("email-unverified"), EMAIL_UNVERIFIED;
        LastSuperAdmin => Conflict("last-super-admin"), LAST_SUPER_ADMIN;
        Superuser => Conflict("superuser"),
            "A superuser is always a super admin. Suspend the account, or have it erased.";
        OwnEmail => Conflict("own-account"),
            "Change your own address with POST /api/v1/me/email, which asks for your password.";
        OwnErasure => Conflict("own-account"),
            "Staff cannot erase their own account this way. Ask another member of staff.";
        OwnTotp => Conflict("own-account"),
            "Remove your own one-time passwords with DELETE /api/v1/auth/totp, which asks for your \
             password and a code.";
        NoTotp => Conflict("totp-not-enabled"), "The account has no one-time passwords.";
        ErasureBegan => Conflict("erasure-began"), ERASURE_BEGAN;
    } {
        AccountError::EmailTaken => duplicate_email(
            "The e-mail address has an account already.",
            "email.taken",
            "has an account already",
        ),
        AccountError::UnknownGroups(names) => unknown(Named::Group, &names),
        AccountError::TermOver => {
            Self::in_field("valid_until", "term.over", "must be later than now")
        }
        AccountError::Name(violation) => reserved_name(violation),
        AccountError::Password(error) => refused_password("password", error),
    }

    ProofError: Link, LogIn, Store {} {
        ProofError::PasswordRequired => {
            let rule = "is required: the link completes a registration";
            Self::in_field("password", "required", rule)
        }
        ProofError::Password(error) => refused_password("password", error),
    }

    ResetError: Store {
        Gone => Gone, GONE;
    } {
        ResetError::Password(error) => refused_password("password", error),
    }

    SendResetError: Access, Store {
        NotFound => NotFound, NO_SUCH_ACCOUNT;
        Suspended => Conflict("suspended"),
            "The account is suspended: no password opens it until it is activated.";
        Unverified => Conflict("email-unverified"), EMAIL_UNVERIFIED;
    }

    ChangePasswordError: Store {
        NotYours => PermissionDenied, "Only its owner changes the password of an account.";
    } {
        ChangePasswordError::Confirm(error) => unconfirmed("current_password", error),
        ChangePasswordError::Password(error) => refused_password("new_password", error),
    }

    EmailError: RateLimited, Store {
        NotFound => NotFound, "There is no such address.";
        TooMany => Conflict("too-many-addresses"),
            "The account has as many addresses as it may have. Remove one first.";
        Primary => Conflict("primary-address"),
            "The primary address cannot be removed. Make another one the primary one first.";
    } {
        EmailError::Confirm(error) => unconfirmed("password", error),
        EmailError::AlreadyYours => duplicate_email(
            "The account has this address already.",
            "email.yours",
            "belongs to the account already",
        ),
    }

    LimitedError: RateLimited, Store {}

    LinkError: Access, Store {
        Gone => Gone, GONE;
    }

    OwnAccountError: Access, Changed, Store {
        NamesLocked => Conflict("names-locked"),
            "The university has verified these names; only the alumni office changes them.";
    } {
        OwnAccountError::Name(violation) => reserved_name(violation),
    }
}
