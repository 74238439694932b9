//! Work, present and past.

use super::{Dated, Month, Term, text::JobTitle};
use crate::{EmployerId, ExperienceId, Violation};

/// When a member did some work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first month.
    pub started: Option<Month>,
    /// The last month.
    pub ended: Option<Month>,
    /// Whether the work goes on.
    pub is_current: bool,
}

impl Period {
    /// Work in a period.
    ///
    /// # Errors
    /// About `ended`: `period.order` if it is before the start, `period.current` if the work goes on.
    pub fn new(
        started: Option<Month>,
        ended: Option<Month>,
        is_current: bool,
    ) -> Result<Self, Violation> {
        const ORDER: Violation = Violation {
            code: "period.order",
            rule: "must not be before the first month",
        };
        const CURRENT: Violation = Violation {
            code: "period.current",
            rule: "must be absent while the work is current",
        };
        if is_current && ended.is_some() {
            return Err(CURRENT);
        }
        match started.zip(ended) {
            Some((started, ended)) if ended < started => Err(ORDER),
            _ => Ok(Self {
                started,
                ended,
                is_current,
            }),
        }
    }
}

/// Work on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experience {
    /// Which one.
    pub id: ExperienceId,
    /// The employer; none for work on one's own account.
    pub employer: Option<Term<EmployerId>>,
    /// The title of the post.
    pub title: JobTitle,
    /// The first month.
    pub started: Option<Month>,
    /// The last month.
    pub ended: Option<Month>,
    /// Whether the work goes on.
    pub is_current: bool,
}

impl Dated for Experience {
    type Key = (bool, Option<Month>, Option<Month>, ExperienceId);

    /// Present work is the latest; work without months is the oldest.
    fn key(&self) -> Self::Key {
        let last = self.ended.or(self.started);
        (self.is_current, last, self.started, self.id)
    }
}

/// The work that gives the present employer and title: of what goes on, what started last.
pub fn current_work(experiences: &[Experience]) -> Option<&Experience> {
    experiences
        .iter()
        .filter(|work| work.is_current)
        .max_by_key(|work| work.key())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::alumni::profiles::newest_first;

    fn work(number: u128, started: &str, ended: Option<&str>) -> Experience {
        Experience {
            id: Uuid::from_u128(number).into(),
            employer: None,
            title: JobTitle::parse("Engineer").unwrap(),
            started: Some(Month::parse(started).unwrap()),
            ended: ended.map(|month| Month::parse(month).unwrap()),
            is_current: ended.is_none(),
        }
    }

    #[test]
    fn the_present_work_is_what_goes_on_and_started_last() {
        let history = [
            work(1, "2010-01", Some("2024-01")),
            work(2, "2012-01", None),
            work(3, "2018-01", None),
        ];
        assert_eq!(
            current_work(&history).map(|work| work.id),
            Some(history[2].id)
        );
        assert_eq!(current_work(&history[..1]), None);
        let order: Vec<_> = newest_first(&history)
            .into_iter()
            .map(|work| work.id)
            .collect();
        assert_eq!(order, [history[2].id, history[1].id, history[0].id]);
    }

    #[test]
    fn a_period_ends_after_it_starts_and_not_while_it_goes_on() {
        let month = |text| Some(Month::parse(text).unwrap());
        let code = |period: Result<Period, Violation>| period.map_err(|violation| violation.code);
        assert!(Period::new(month("2019-07"), month("2019-07"), false).is_ok());
        assert!(Period::new(None, None, false).is_ok());
        let backwards = Period::new(month("2019-07"), month("2019-06"), false);
        assert_eq!(code(backwards), Err("period.order"));
        assert_eq!(
            code(Period::new(None, month("2019-06"), true)),
            Err("period.current")
        );
    }
}
