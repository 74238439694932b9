use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::RoleName;
use crate::{AssignmentId, UserId, platform::text::OfficeTitle};

/// Where a role counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// In this chapter and all below it.
    Chapter(Uuid),
}

impl Scope {
    /// The chapter, where it is one.
    pub const fn chapter(self) -> Option<Uuid> {
        match self {
            Self::Global => None,
            Self::Chapter(chapter) => Some(chapter),
        }
    }

    /// The name of its kind in storage and in the API.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Chapter(_) => "chapter",
        }
    }
}

/// From when until when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

impl Term {
    /// From a time on, and until a later one if there is one.
    pub fn new(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Option<Self> {
        let in_order = until.is_none_or(|until| from < until);
        in_order.then_some(Self { from, until })
    }

    /// The first moment.
    pub const fn from(self) -> DateTime<Utc> {
        self.from
    }

    /// The first moment after it; `None` where it ends only when somebody ends it.
    pub const fn until(self) -> Option<DateTime<Utc>> {
        self.until
    }

    /// Whether it has not begun yet.
    pub fn is_to_come(self, now: DateTime<Utc>) -> bool {
        now <= self.from
    }

    /// Whether it is over.
    pub fn is_over(self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A role that somebody holds for a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Who holds the role.
    pub user_id: UserId,
    /// The role.
    pub role: RoleName,
    /// Where it counts.
    pub scope: Scope,
    /// When it counts.
    pub term: Term,
    /// What the office is called, such as Vice President, North-West.
    pub office_title: Option<OfficeTitle>,
    /// Who assigned it, if that account is still there.
    pub created_by: Option<UserId>,
    /// When it was assigned.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_term_ends_after_it_begins_and_is_over_in_the_moment_of_its_end() {
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
