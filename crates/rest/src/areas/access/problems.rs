//! Refusals of the access area, as problem documents.

use std::fmt::Display;

use abu_application::access::{
    AccessError, AssignmentError, MailError, Named, RightsError, idempotency::IdempotencyError,
};

use crate::{
    input::FieldError,
    problem::{Problem, ProblemKind},
};

pub(crate) fn no_such(kind: Named) -> Problem {
    let detail = match kind {
        Named::Permission => "There is no such permission.",
        Named::Role => "There is no such role.",
        Named::Group => "There is no such group.",
    };
    Problem::new(ProblemKind::NotFound, detail)
}

pub(crate) fn unknown(kind: Named, names: &[impl Display]) -> Problem {
    let (field, code, thing) = match kind {
        Named::Permission => ("permissions", "permission.unknown", "permission"),
        Named::Role => ("roles", "role.unknown", "role"),
        Named::Group => ("groups", "group.unknown", "group"),
    };
    let error =
        |name| FieldError::in_body(field, code, format!("names {name}, which is no {thing}"));
    Problem::validation(names.iter().map(error).collect())
}

pub(crate) fn email_unverified() -> Problem {
    Problem::conflict(
        "email-unverified",
        "Nobody proved that they read the address of the account. Give it one that you vouch for \
         first.",
    )
}

pub(crate) fn last_super_admin() -> Problem {
    Problem::conflict(
        "last-super-admin",
        "There is always an active account in super_admin_group, and the group always gives \
         everything.",
    )
}

fn automatic(kind: Named, names: &[String]) -> Problem {
    let field = match kind {
        Named::Group => "roles",
        Named::Role | Named::Permission => "permissions",
    };
    let error = |name| {
        let rule = format!("gives {name}, by which its holders could get more permissions");
        FieldError::in_body(field, "permission.raises-rights", rule)
    };
    Problem::conflict(
        "automatic-role",
        "Accounts get this role automatically, by registration or verification. It cannot give \
         permissions that raise rights.",
    )
    .with_errors(names.iter().map(error).collect())
}

pub(crate) fn session_ended() -> Problem {
    Problem::new(
        ProblemKind::InvalidToken,
        "The session has ended. Log in again.",
    )
}

pub(crate) fn account_suspended() -> Problem {
    Problem::new(ProblemKind::AccountSuspended, "The account is suspended.")
}

pub(crate) fn account_deactivated() -> Problem {
    Problem::new(
        ProblemKind::AccountDeactivated,
        "The account is hidden. Show it again first: POST /api/v1/me/reactivate.",
    )
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
            RightsError::Automatic(kind, names) => automatic(kind, &names),
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
            AssignmentError::UnknownUser(user) => Self::in_field(
                "user",
                "user.unknown",
                format!("names {user}, who has no account"),
            ),
            AssignmentError::UnknownRole(role) => Self::in_field(
                "role",
                "role.unknown",
                format!("names {role}, which is no role"),
            ),
            AssignmentError::Unverified => email_unverified(),
            AssignmentError::TermOver => Self::in_field(
                "valid_until",
                "term.over",
                "must be later than now and than valid_from",
            ),
            AssignmentError::AlreadyAssigned => Self::conflict(
                "already-assigned",
                "They hold the role there already, for a part of this term.",
            ),
            AssignmentError::Store(error) => error.into(),
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
