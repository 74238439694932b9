//! The mapping of every use-case error to a problem.

use std::collections::BTreeSet;

use abu_application::{
    access::{
        AccessError, AssignmentError, MailError, Named, RightsError, idempotency::IdempotencyError,
    },
    alumni::{imports::ImportError, ports::Blocker},
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
    messaging::{messages::MessagingError, rooms::RoomError, tickets::TicketError},
    platform::{
        ports::{FileError, StoreError},
        versions::PreconditionFailed,
    },
};
use abu_chat::ConnectError;
use abu_domain::{
    RecordId, UserId, Violation,
    access::{GroupName, Permission, RoleName},
    alumni::import_state::ImportState,
    messaging::message::ChangeRefusal,
};
use abu_rest::Problem;
use uuid::Uuid;

use super::Record;

macro_rules! record {
    ($($error:expr),* $(,)?) => {{
        let mut record = Record::default();
        $(record.rendered(stringify!($error), &Problem::from($error));)*
        record
    }};
}

fn conflict() -> StoreError {
    StoreError::Conflict {
        constraint: "rooms_pkey".to_owned(),
    }
}

fn away() -> StoreError {
    StoreError::Unavailable("a cause".into())
}

fn weak() -> NewPasswordError {
    let advice = Some("Add another word or two.".to_owned());
    NewPasswordError::Weak(PasswordWeakness::Guessable { advice })
}

fn weak_without_advice() -> NewPasswordError {
    NewPasswordError::Weak(PasswordWeakness::Guessable { advice: None })
}

fn personal() -> NewPasswordError {
    NewPasswordError::Weak(PasswordWeakness::Personal)
}

fn reserved() -> Violation {
    Violation {
        code: "name.reserved",
        rule: "is reserved",
    }
}

fn wrong_password() -> ConfirmError {
    ConfirmError::WrongPassword
}

fn missing() -> BTreeSet<String> {
    ["can_create_user", "can_view_user"]
        .map(str::to_owned)
        .into()
}

fn some_user() -> UserId {
    UserId::new(Uuid::from_u128(1))
}

fn role() -> RoleName {
    RoleName::parse("no_role").unwrap()
}

fn groups() -> Vec<GroupName> {
    let parse = |name| GroupName::parse(name).unwrap();
    ["no_group", "another_group"].map(parse).into()
}

fn names() -> Vec<String> {
    ["one", "another"].map(str::to_owned).into()
}

#[test]
fn the_problems_of_access_are_as_recorded() {
    let record = record![
        conflict(),
        away(),
        StoreError::CommitInDoubt("a cause".into()),
        StoreError::Other("a cause".into()),
        PreconditionFailed,
        TokenError::Expired,
        TokenError::Invalid,
        AccessError::SessionEnded,
        AccessError::Suspended,
        AccessError::Deactivated,
        AccessError::Denied(Permission::ViewUser),
        AccessError::Beyond(missing()),
        AccessError::SuperusersOnly,
        AccessError::TotpDue,
        AccessError::Store(away()),
        RightsError::Access(AccessError::Suspended),
        RightsError::NotFound(Named::Permission),
        RightsError::NotFound(Named::Role),
        RightsError::NotFound(Named::Group),
        RightsError::NotPart(Named::Permission),
        RightsError::NotPart(Named::Role),
        RightsError::NotPart(Named::Group),
        RightsError::NameTaken,
        RightsError::Unknown(Named::Permission, names()),
        RightsError::Unknown(Named::Role, names()),
        RightsError::Unknown(Named::Group, names()),
        RightsError::SystemRow,
        RightsError::TotpGroup,
        RightsError::InUse(Named::Permission),
        RightsError::InUse(Named::Role),
        RightsError::InUse(Named::Group),
        RightsError::Automatic(Named::Role, names()),
        RightsError::Automatic(Named::Group, names()),
        RightsError::LastSuperAdmin,
        RightsError::Changed(PreconditionFailed),
        RightsError::Store(away()),
        AssignmentError::Access(AccessError::Suspended),
        AssignmentError::NotFound,
        AssignmentError::UnknownUser(some_user()),
        AssignmentError::UnknownRole(role()),
        AssignmentError::Unverified,
        AssignmentError::TermOver,
        AssignmentError::AlreadyAssigned,
        AssignmentError::Store(away()),
        IdempotencyError::Access(AccessError::Suspended),
        IdempotencyError::InFlight,
        IdempotencyError::Reused,
        IdempotencyError::Store(away()),
    ];
    record.assert_recorded("access");
}

#[test]
fn the_problems_of_accounts_are_as_recorded() {
    let record = record![
        AccountError::Access(AccessError::Suspended),
        AccountError::NotFound,
        AccountError::EmailTaken,
        AccountError::UnknownGroups(groups()),
        AccountError::Unverified,
        AccountError::LastSuperAdmin,
        AccountError::Superuser,
        AccountError::OwnEmail,
        AccountError::OwnErasure,
        AccountError::OwnTotp,
        AccountError::NoTotp,
        AccountError::ErasureBegan,
        AccountError::Name(reserved()),
        AccountError::Changed(PreconditionFailed),
        AccountError::Password(weak()),
        AccountError::Password(weak_without_advice()),
        AccountError::Password(personal()),
        AccountError::Password(NewPasswordError::Store(away())),
        AccountError::Password(NewPasswordError::Hashing("a cause".into())),
        AccountError::Store(away()),
        OwnAccountError::Access(AccessError::Suspended),
        OwnAccountError::NamesLocked,
        OwnAccountError::Name(reserved()),
        OwnAccountError::Store(away()),
        OwnErasureError::Confirm(wrong_password()),
        OwnErasureError::LastSuperAdmin,
        OwnErasureError::NotFound,
        OwnErasureError::Begun,
        OwnErasureError::Store(away()),
        ExportError::Confirm(wrong_password()),
        ExportError::NotFound,
        ExportError::NotReady,
        ExportError::Gone,
        ExportError::Store(away()),
        EmailError::Confirm(wrong_password()),
        EmailError::Confirm(ConfirmError::Access(AccessError::Suspended)),
        EmailError::Confirm(ConfirmError::Store(away())),
        EmailError::NotFound,
        EmailError::AlreadyYours,
        EmailError::TooMany,
        EmailError::Primary,
        EmailError::Store(away()),
        LinkError::Gone,
        LinkError::Access(AccessError::Suspended),
        LinkError::Store(away()),
        ProofError::Link(LinkError::Gone),
        ProofError::PasswordRequired,
        ProofError::Password(weak()),
        ProofError::LogIn(LogInError::Suspended),
        ProofError::Store(away()),
        ResetError::Gone,
        ResetError::Password(personal()),
        ResetError::Store(away()),
        SendResetError::Access(AccessError::Suspended),
        SendResetError::NotFound,
        SendResetError::Suspended,
        SendResetError::Unverified,
        SendResetError::Store(away()),
        ChangePasswordError::NotYours,
        ChangePasswordError::Confirm(wrong_password()),
        ChangePasswordError::Password(weak()),
        ChangePasswordError::Store(away()),
        MailError::Access(AccessError::Suspended),
        MailError::NotFound,
        MailError::NotDead,
        MailError::Store(away()),
    ];
    record.assert_recorded("accounts");
}

#[test]
fn the_problems_of_sessions_are_as_recorded() {
    let record = record![
        LogInError::InvalidCredentials,
        LogInError::OtpRequired,
        LogInError::Suspended,
        LogInError::Store(away()),
        LogInError::Internal("a cause".into()),
        RefreshError::Invalid,
        RefreshError::Expired,
        RefreshError::Reused,
        RefreshError::Suspended,
        RefreshError::Store(away()),
        RefreshError::Internal("a cause".into()),
        SessionError::Access(AccessError::Suspended),
        SessionError::NotFound,
        SessionError::Store(away()),
        TotpError::Confirm(wrong_password()),
        TotpError::WrongOtp,
        TotpError::AlreadyEnabled,
        TotpError::NotEnabled,
        TotpError::Store(away()),
        TotpError::Internal("a cause".into()),
        TicketError::Invalid,
        TicketError::Store(away()),
        ConnectError::SessionEnded,
        ConnectError::Suspended,
        ConnectError::Deactivated,
        ConnectError::TooManySessions,
        ConnectError::Draining,
        ConnectError::Unavailable,
        ConnectError::Handshake(actix_web::error::ErrorBadRequest("a cause")),
    ];
    record.assert_recorded("sessions");
}

#[test]
fn the_problems_of_rooms_and_messages_are_as_recorded() {
    let record = record![
        RoomError::Access(AccessError::Suspended),
        RoomError::RoomNotFound,
        RoomError::MemberNotFound,
        RoomError::RoleForbids,
        RoomError::UnknownUser(some_user()),
        RoomError::NotTwoPeople,
        RoomError::DirectRoom,
        RoomError::LastOwner,
        RoomError::Archived,
        RoomError::Changed(PreconditionFailed),
        RoomError::TooManyMembers,
        RoomError::TooManyRooms,
        RoomError::InvitationNotFound,
        RoomError::ReservedName(reserved()),
        RoomError::Store(away()),
        MessagingError::Access(AccessError::Suspended),
        MessagingError::RoomNotFound,
        MessagingError::ReadOnly,
        MessagingError::ReplyToUnknown,
        MessagingError::Refused(ChangeRefusal::NotFound),
        MessagingError::Refused(ChangeRefusal::NotYours),
        MessagingError::Refused(ChangeRefusal::TooLate),
        MessagingError::Refused(ChangeRefusal::TooManyEmoji),
        MessagingError::Refused(ChangeRefusal::TooManyOfMember),
        MessagingError::Unavailable,
        MessagingError::Store(away()),
    ];
    record.assert_recorded("rooms");
}

#[test]
fn the_problems_of_imports_are_as_recorded() {
    let blocker = Blocker {
        record: RecordId::new(Uuid::from_u128(1)),
        reason: "edited".to_owned(),
    };
    let record = record![
        ImportError::Access(AccessError::Suspended),
        ImportError::NotFound,
        ImportError::WrongState(ImportState::Committed),
        ImportError::UnderWay,
        ImportError::Busy,
        ImportError::Outdated(vec![2, 7]),
        ImportError::Blocked(vec![blocker]),
        ImportError::TooLate,
        ImportError::TooLarge { max_bytes: 10 },
        ImportError::Empty,
        ImportError::FileGone,
        ImportError::StagingLost,
        ImportError::Interrupted,
        ImportError::Files(FileError::NotFound),
        ImportError::Store(away()),
    ];
    record.assert_recorded("imports");
}
