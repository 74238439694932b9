use chrono::{DateTime, Utc};

use super::GroupName;

/// A user's membership in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group's name.
    pub group: GroupName,
    /// The exclusive end; `None` for a membership that ends only by removal.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Membership {
    /// Whether the membership lasts longer than one with this end.
    pub fn outlasts(&self, until: Option<DateTime<Utc>>) -> bool {
        match (self.valid_until, until) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(until)) => own > until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_without_an_end_outlasts_every_one_with_an_end() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let until = |valid_until| Membership {
            group: GroupName::parse("editor_group").unwrap(),
            valid_until,
        };
        assert!(until(None).outlasts(at(5)) && until(at(6)).outlasts(at(5)));
        assert!(!until(at(5)).outlasts(at(5)) && !until(at(4)).outlasts(at(5)));
        assert!(!until(None).outlasts(None) && !until(at(5)).outlasts(None));
    }
}
