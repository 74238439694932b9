//! Refusals of the access area, as problem documents.

use std::fmt::Display;

use abu_application::access::{
    AccessError, AssignmentError, MailError, Named, RightsError, TaskError,
    idempotency::IdempotencyError,
};

use crate::{
    input::FieldError,
    problem::{Problem, ProblemKind, refusals},
};

pub(crate) const ACCOUNT_SUSPENDED: &str = "The account is suspended.";
pub(crate) const ACCOUNT_DEACTIVATED: &str =
    "The account is hidden. Show it again first: POST /api/v1/me/reactivate.";
pub(crate) const EMAIL_UNVERIFIED: &str = "The address of the account is not verified. Give the account an address that you vouch for first.";
pub(crate) const LAST_SUPER_ADMIN: &str = "There is always an active account in super_admin_group, \
    and the group always gives everything.";
pub(crate) const SESSION_ENDED: &str = "The session has ended. Log in again.";

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

fn in_use(kind: Named) -> Problem {
    let detail = match kind {
        Named::Permission => "Roles give this permission: take it out of them first.",
        Named::Role => "Groups give this role, or people hold it for a term: take it away first.",
        Named::Group => "There are people in this group: take them out first.",
    };
    Problem::conflict("in-use", detail)
}

fn not_part(kind: Named) -> Problem {
    let detail = match kind {
        Named::Permission => "The role does not give this permission.",
        Named::Role | Named::Group => "The group does not give this role.",
    };
    Problem::new(ProblemKind::NotFound, detail)
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

refusals! {
    AccessError: Store {
        SessionEnded => InvalidToken, SESSION_ENDED;
        Suspended => AccountSuspended, ACCOUNT_SUSPENDED;
        Deactivated => AccountDeactivated, ACCOUNT_DEACTIVATED;
        SuperusersOnly => PermissionDenied, "Only a superuser may do this to a superuser.";
        TotpDue => TotpRequired, "Set up one-time passwords first: POST /api/v1/auth/totp.";
    } {
        AccessError::Denied(permission) => Self::missing_permission(permission),
        AccessError::Beyond(missing) => Self::privilege_escalation(missing),
    }

    RightsError: Access, Changed, Store {
        SystemRow => Conflict("system-row"),
            "Every installation has it: it can be neither deleted nor renamed.";
        TotpGroup => Conflict("totp-group"),
            "The operator requires one-time passwords of this group by its name, so it keeps it.";
        LastSuperAdmin => Conflict("last-super-admin"), LAST_SUPER_ADMIN;
    } {
        RightsError::NotFound(kind) => no_such(kind),
        RightsError::NotPart(kind) => not_part(kind),
        RightsError::NameTaken => Self::new(ProblemKind::Duplicate, "The name is taken.")
            .with_errors(vec![FieldError::in_body("name", "name.taken", "is taken")]),
        RightsError::Unknown(kind, names) => unknown(kind, &names),
        RightsError::InUse(kind) => in_use(kind),
        RightsError::Automatic(kind, names) => automatic(kind, &names),
    }

    AssignmentError: Access, Store {
        NotFound => NotFound, "There is no such assigned role.";
        Unverified => Conflict("email-unverified"), EMAIL_UNVERIFIED;
        AlreadyAssigned => Conflict("already-assigned"),
            "They hold the role there already, for a part of this term.";
    } {
        AssignmentError::UnknownUser(user) => {
            Self::in_field("user", "user.unknown", format!("names {user}, who has no account"))
        }
        AssignmentError::UnknownRole(role) => {
            Self::in_field("role", "role.unknown", format!("names {role}, which is no role"))
        }
        AssignmentError::TermOver => {
            let rule = "must be later than now and than valid_from";
            Self::in_field("valid_until", "term.over", rule)
        }
    }

    IdempotencyError: Access, Store {
        Reused => IdempotencyKeyReused, "This idempotency key came with another body before.";
    } {
        IdempotencyError::InFlight => Self::conflict(
            "idempotency-in-flight",
            "The request that came first with this idempotency key is still under way.",
        )
        .worth_trying_in(1),
    }

    TaskError: Access, Store {
        NotFound => NotFound, "There is no such task.";
        Ended => Conflict("task-ended"), "The task has ended already.";
    }

    MailError: Access, Store {
        NotFound => NotFound, "There is no such mail.";
        NotDead => Conflict("not-dead"),
            "Only a mail that was given up can be sent again: this one waits, or was sent.";
    }
}
