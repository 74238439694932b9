//! What the use cases refuse, as problems: one match for each of their errors.

use std::fmt::Display;

use abu_application::{
    access::{AccessError, AssignmentError, Named, RightsError},
    accounts::AccountError,
    chat_access::TicketError,
    emails::{EmailError, LinkError},
    idempotency::IdempotencyError,
    mail::MailError,
    messaging::MessagingError,
    own_account::OwnAccountError,
    passwords::{ChangePasswordError, ConfirmError, NewPasswordError, ResetError, SendResetError},
    ports::{PasswordWeakness, StoreError, TokenError},
    registration::RegistrationError,
    rooms::RoomError,
    sessions::{LogInError, RefreshError, SessionError, TotpError},
    versions::PreconditionFailed,
};
use abu_chat::ConnectError;
use abu_domain::message::ChangeRefusal;

use super::{Problem, ProblemKind};
use crate::http::input::FieldError;

fn account_suspended() -> Problem {
    Problem::new(ProblemKind::AccountSuspended, "The account is suspended.")
}

fn account_deactivated() -> Problem {
    Problem::new(
        ProblemKind::AccountDeactivated,
        "The account is hidden. Show it again first: POST /api/v1/me/reactivate.",
    )
}

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
            Problem::validation(vec![FieldError::in_body(name, code, rule)])
        }
        NewPasswordError::Store(error) => error.into(),
        NewPasswordError::Hashing(cause) => Problem::internal(cause),
    }
}

/// The caller did not prove who they are by the body's field `name`.
fn unconfirmed(name: &str, error: ConfirmError) -> Problem {
    match error {
        ConfirmError::Access(error) => error.into(),
        ConfirmError::WrongPassword => Problem::validation(vec![FieldError::in_body(
            name,
            "password.wrong",
            "is not the password of the account",
        )]),
        ConfirmError::Store(error) => error.into(),
    }
}

fn no_such_room() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such room.")
}

fn room_archived() -> Problem {
    Problem::conflict("archived", "The room is archived and can only be read.")
}

/// There is nothing of that name.
pub(in crate::http) fn no_such(kind: Named) -> Problem {
    let detail = match kind {
        Named::Permission => "There is no such permission.",
        Named::Role => "There is no such role.",
        Named::Group => "There is no such group.",
    };
    Problem::new(ProblemKind::NotFound, detail)
}

/// The body names what is not there.
fn unknown(kind: Named, names: &[impl Display]) -> Problem {
    let (field, code, thing) = match kind {
        Named::Permission => ("permissions", "permission.unknown", "permission"),
        Named::Role => ("roles", "role.unknown", "role"),
        Named::Group => ("groups", "group.unknown", "group"),
    };
    let error =
        |name| FieldError::in_body(field, code, format!("names {name}, which is no {thing}"));
    Problem::validation(names.iter().map(error).collect())
}

fn email_unverified() -> Problem {
    Problem::conflict(
        "email-unverified",
        "Nobody proved that they read the address of the account. Give it one that you vouch for \
         first.",
    )
}

fn last_super_admin() -> Problem {
    Problem::conflict(
        "last-super-admin",
        "There is always an active account in super_admin_group, and the group always gives \
         everything.",
    )
}

fn session_ended() -> Problem {
    Problem::new(
        ProblemKind::InvalidToken,
        "The session has ended. Log in again.",
    )
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::CommitInDoubt(_) => Self::new(
                ProblemKind::Unavailable,
                "The connection to the database broke: look whether it was done before trying again.",
            )
            .caused_by(error),
            StoreError::Conflict { .. } => Self::conflict(
                "changed-meanwhile",
                "Something this depends on was changed at the same moment. Try again.",
            )
            .worth_trying_in(1),
            StoreError::Other(_) => Self::internal(error),
        }
    }
}

impl From<PreconditionFailed> for Problem {
    fn from(_error: PreconditionFailed) -> Self {
        Self::new(
            ProblemKind::PreconditionFailed,
            "It was changed since you have read it. Read it again, and decide again.",
        )
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::SessionEnded => session_ended(),
            AccessError::Suspended => account_suspended(),
            AccessError::Deactivated => account_deactivated(),
            AccessError::Denied(permission) => Self::missing_permission(permission),
            AccessError::Beyond(missing) => Self::privilege_escalation(missing),
            AccessError::SuperusersOnly => Self::new(
                ProblemKind::PermissionDenied,
                "Only a superuser may do this to a superuser.",
            ),
            AccessError::TotpDue => Self::new(
                ProblemKind::TotpRequired,
                "Set up one-time passwords first: POST /api/v1/auth/totp.",
            ),
            AccessError::Store(error) => error.into(),
        }
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
            LogInError::EmailUnverified => Self::new(
                ProblemKind::EmailUnverified,
                "Open the link in the mail that was sent to this address, or ask for another one.",
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
            TotpError::WrongOtp => Self::validation(vec![FieldError::in_body(
                "otp",
                "otp.wrong",
                "is not what the device shows now, nor a recovery code, or was used before",
            )]),
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

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Password(error) => refused_password("password", error),
            RegistrationError::Store(error) => error.into(),
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

impl From<RightsError> for Problem {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::Access(error) => error.into(),
            RightsError::NotFound(kind) => no_such(kind),
            RightsError::NotPart(Named::Permission) => Self::new(
                ProblemKind::NotFound,
                "The role does not give this permission.",
            ),
            RightsError::NotPart(_) => {
                Self::new(ProblemKind::NotFound, "The group does not give this role.")
            }
            RightsError::NameTaken => Self::new(ProblemKind::Duplicate, "The name is taken.")
                .with_errors(vec![FieldError::in_body("name", "name.taken", "is taken")]),
            RightsError::Unknown(kind, names) => unknown(kind, &names),
            RightsError::SystemRow => Self::conflict(
                "system-row",
                "Every installation has it: it can be neither deleted nor renamed.",
            ),
            RightsError::TotpGroup => Self::conflict(
                "totp-group",
                "The operator requires one-time passwords of this group by its name, so it keeps it.",
            ),
            RightsError::InUse(kind) => Self::conflict(
                "in-use",
                match kind {
                    Named::Permission => "Roles give this permission: take it out of them first.",
                    Named::Role => {
                        "Groups give this role, or people hold it for a term: take it away first."
                    }
                    Named::Group => "There are people in this group: take them out first.",
                },
            ),
            RightsError::LastSuperAdmin => last_super_admin(),
            RightsError::Changed(error) => error.into(),
            RightsError::Store(error) => error.into(),
        }
    }
}

impl From<AssignmentError> for Problem {
    fn from(error: AssignmentError) -> Self {
        match error {
            AssignmentError::Access(error) => error.into(),
            AssignmentError::NotFound => {
                Self::new(ProblemKind::NotFound, "There is no such assigned role.")
            }
            AssignmentError::UnknownUser(user) => Self::validation(vec![FieldError::in_body(
                "user",
                "user.unknown",
                format!("names {user}, who has no account"),
            )]),
            AssignmentError::UnknownRole(role) => Self::validation(vec![FieldError::in_body(
                "role",
                "role.unknown",
                format!("names {role}, which is no role"),
            )]),
            AssignmentError::Unverified => email_unverified(),
            AssignmentError::TermOver => Self::validation(vec![FieldError::in_body(
                "valid_until",
                "term.over",
                "must be later than now and than valid_from",
            )]),
            AssignmentError::AlreadyAssigned => Self::conflict(
                "already-assigned",
                "They hold the role there already, for a part of this term.",
            ),
            AssignmentError::Store(error) => error.into(),
        }
    }
}

impl From<TicketError> for Problem {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Invalid => {
                Self::new(ProblemKind::InvalidToken, "The ticket is not valid.")
            }
            TicketError::Store(error) => error.into(),
        }
    }
}

impl From<IdempotencyError> for Problem {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Access(error) => error.into(),
            IdempotencyError::InFlight => Self::conflict(
                "idempotency-in-flight",
                "The request that came first with this idempotency key is still under way.",
            )
            .worth_trying_in(1),
            IdempotencyError::Reused => Self::new(
                ProblemKind::IdempotencyKeyReused,
                "This idempotency key came with another body before.",
            ),
            IdempotencyError::Store(error) => error.into(),
        }
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::Access(error) => error.into(),
            RoomError::RoomNotFound => no_such_room(),
            RoomError::MemberNotFound => {
                Self::new(ProblemKind::NotFound, "The room has no such member.")
            }
            RoomError::RoleForbids => Self::new(
                ProblemKind::PermissionDenied,
                "The caller's role in the room does not allow this.",
            ),
            RoomError::UnknownUser(user) => Self::validation(vec![FieldError::in_body(
                "member_ids",
                "user.unknown",
                format!("names {user}, who is no active user"),
            )]),
            RoomError::NotTwoPeople => Self::validation(vec![FieldError::in_body(
                "member_ids",
                "member_ids.one-other",
                "must name exactly one other person for a direct room",
            )]),
            RoomError::DirectRoom => Self::conflict(
                "direct-room",
                "A direct room has no name, no roles, and always its two members.",
            ),
            RoomError::LastOwner => Self::conflict(
                "last-owner",
                "A room always has an owner: make somebody else one first.",
            ),
            RoomError::Archived => room_archived(),
            RoomError::Changed(error) => error.into(),
            RoomError::TooManyMembers => {
                Self::conflict("room-full", "The room would have too many members.")
            }
            RoomError::TooManyRooms(_) => Self::conflict(
                "too-many-rooms",
                "Somebody would be in more rooms than one person may be in.",
            ),
            RoomError::Store(error) => error.into(),
        }
    }
}

impl From<MessagingError> for Problem {
    fn from(error: MessagingError) -> Self {
        match error {
            MessagingError::Access(error) => error.into(),
            MessagingError::RoomNotFound => no_such_room(),
            MessagingError::ReadOnly => room_archived(),
            MessagingError::ReplyToUnknown => Self::validation(vec![FieldError::in_body(
                "reply_to",
                "reply_to.unknown",
                "must be a message of the same room",
            )]),
            MessagingError::Refused(refusal) => refusal.into(),
            MessagingError::Unavailable => Self::new(
                ProblemKind::Unavailable,
                "It could not be stored now. Doing it again is safe; send a message with the same \
                 client_message_id.",
            ),
            MessagingError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::NotFound => Self::new(
                ProblemKind::NotFound,
                "There is no such message in the room, or it was deleted.",
            ),
            ChangeRefusal::NotYours => {
                Self::new(ProblemKind::PermissionDenied, "Somebody else said this.")
            }
            ChangeRefusal::TooLate => {
                Self::conflict("too-late", "The message can no longer be changed.")
            }
            ChangeRefusal::TooManyEmoji | ChangeRefusal::TooManyOfMember => Self::conflict(
                "too-many-emoji",
                "The message has as many emoji as it takes.",
            ),
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Access(error) => error.into(),
            MailError::NotFound => Self::new(ProblemKind::NotFound, "There is no such mail."),
            MailError::NotDead => Self::conflict(
                "not-dead",
                "Only a mail that was given up can be sent again: this one waits, or was sent.",
            ),
            MailError::Store(error) => error.into(),
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::SessionEnded => session_ended(),
            ConnectError::Suspended => account_suspended(),
            ConnectError::Deactivated => account_deactivated(),
            ConnectError::TooManySessions => Self::new(
                ProblemKind::TooManySessions,
                "The account has as many chat sessions as it may have.",
            ),
            ConnectError::Draining => {
                Self::new(ProblemKind::Maintenance, "The server is going down.")
            }
            ConnectError::Unavailable => Self::unavailable("the chat cannot reach the database"),
            ConnectError::Handshake(_) => Self::new(
                ProblemKind::UpgradeRequired,
                "This address takes a WebSocket handshake.",
            ),
        }
    }
}
