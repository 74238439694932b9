use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::RoleName;
use crate::{AssignmentId, UserId, platform::text::OfficeTitle};

/// Where a role assignment applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole platform.
    Global,
    /// The chapter with this id and every chapter below it.
    Chapter(Uuid),
}

impl Scope {
    /// The chapter's id; `None` for the global scope.
    pub const fn chapter(self) -> Option<Uuid> {
        match self {
            Self::Global => None,
            Self::Chapter(chapter) => Some(chapter),
        }
    }

    /// The kind's name in storage and in the API: `global` or `chapter`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Chapter(_) => "chapter",
        }
    }
}

/// A half-open interval of time `[from, until)`; without `until` it never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

impl Term {
    /// Makes a term; `None` unless `from` is before `until`.
    pub fn new(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Option<Self> {
        let in_order = until.is_none_or(|until| from < until);
        in_order.then_some(Self { from, until })
    }

    /// The start.
    pub const fn from(self) -> DateTime<Utc> {
        self.from
    }

    /// The exclusive end; `None` for a term that ends only by revocation.
    pub const fn until(self) -> Option<DateTime<Utc>> {
        self.until
    }

    /// Whether the term starts at `now` or later.
    pub fn is_to_come(self, now: DateTime<Utc>) -> bool {
        now <= self.from
    }

    /// Whether the term has ended by `now`.
    pub fn is_over(self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A role that a user holds within a scope and a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The assignment's id.
    pub id: AssignmentId,
    /// The holder.
    pub user_id: UserId,
    /// The role's name.
    pub role: RoleName,
    /// Where the role applies.
    pub scope: Scope,
    /// When the role applies.
    pub term: Term,
    /// The title of the office, such as `Vice President, North-West`.
    pub office_title: Option<OfficeTitle>,
    /// The account that assigned it; `None` after the erasure of that account.
    pub created_by: Option<UserId>,
    /// Time of the assignment.
    pub created_at: DateTime<Utc>,
    /// Time of the last change.
    pub last_modified: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_term_ends_after_it_begins_and_excludes_its_end() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let second = TimeDelta::seconds(1);
        assert_eq!(Term::new(now, Some(now)), None);
        assert_eq!(Term::new(now, Some(now - second)), None);
        let term = Term::new(now, Some(now + second)).unwrap();
        assert!(term.is_to_come(now - second) && term.is_to_come(now));
        assert!(!term.is_to_come(now + second));
        assert!(!term.is_over(now) && term.is_over(now + second));
        let open = Term::new(now, None).unwrap();
        assert!(!open.is_over(now + TimeDelta::days(9_999)));
    }
}
