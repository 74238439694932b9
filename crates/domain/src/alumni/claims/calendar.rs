//! The clock of the office: working days in Nigeria.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

/// How many working days the office has to decide a claim.
pub const REVIEW_DAYS: u32 = 3;

/// Africa/Lagos: one hour ahead of UTC since 1919, without summer time (IANA time zone database).
const LAGOS_SECONDS: i32 = 3_600;

/// The days on which the office works: Monday to Friday without the public holidays.
///
/// A working day counts from midnight to midnight in Lagos, so three working days are 72 hours of working days. Time on
/// any other day does not count.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The calendar with these public holidays.
    pub fn new(holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        Self {
            holidays: holidays.into_iter().collect(),
        }
    }

    /// Whether the office works on this day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&day)
    }

    /// The time when `days` working days from `start` have passed.
    pub fn after_days(&self, start: DateTime<Utc>, days: u32) -> DateTime<Utc> {
        self.after(start, TimeDelta::days(days.into()))
    }

    /// The time when so much working time from `start` has passed. No time or less ends at `start`.
    pub fn after(&self, start: DateTime<Utc>, working_time: TimeDelta) -> DateTime<Utc> {
        let (mut at, mut left) = (start, working_time);
        while left > TimeDelta::zero() {
            let end = end_of_day(at);
            let span = end - at;
            if !self.is_working_day(local_day(at)) {
                at = end;
            } else if left <= span {
                return at + left;
            } else {
                (at, left) = (end, left - span);
            }
        }
        at
    }

    /// The working time from `start` to `end`; none where `end` is not later.
    pub fn between(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> TimeDelta {
        let (mut at, mut sum) = (start, TimeDelta::zero());
        while at < end {
            let until = end_of_day(at).min(end);
            if self.is_working_day(local_day(at)) {
                sum += until - at;
            }
            at = until;
        }
        sum
    }
}

fn lagos() -> FixedOffset {
    #[expect(clippy::expect_used, reason = "an hour is a valid offset")]
    FixedOffset::east_opt(LAGOS_SECONDS).expect("an hour is less than a day")
}

fn local_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&lagos()).date_naive()
}

/// The next midnight in Lagos.
fn end_of_day(at: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = local_day(at).and_time(NaiveTime::MIN).and_utc();
    midnight + TimeDelta::days(1) - TimeDelta::seconds(LAGOS_SECONDS.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn three_working_days_skip_weekends_and_holidays() {
        // Eid and 1 October 2026 are examples; the office enters the real days.
        let calendar = Calendar::new([day("2026-10-01"), day("2026-12-25"), day("2026-12-28")]);
        for (start, due) in [
            // Monday to Thursday.
            ("2026-11-30T09:30:00+01:00", "2026-12-03T09:30:00+01:00"),
            // Friday to Wednesday.
            ("2026-11-27T15:00:00+01:00", "2026-12-02T15:00:00+01:00"),
            // On Saturday the clock waits for Monday.
            ("2026-11-28T10:00:00+01:00", "2026-12-03T00:00:00+01:00"),
            // A holiday on a Thursday.
            ("2026-09-30T08:00:00+01:00", "2026-10-06T08:00:00+01:00"),
            // Friday is a holiday, and so is Monday.
            ("2026-12-24T12:00:00+01:00", "2026-12-31T12:00:00+01:00"),
        ] {
            assert_eq!(calendar.after_days(at(start), 3), at(due), "{start}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_lagos_not_in_utc() {
        let calendar = Calendar::default();
        // 23:30 UTC on Sunday is Monday in Lagos.
        let due = calendar.after_days(at("2026-11-29T23:30:00Z"), 1);
        assert_eq!(due, at("2026-11-30T23:30:00Z"));
        // 23:30 UTC on Friday is Saturday there.
        let due = calendar.after_days(at("2026-11-27T23:30:00Z"), 1);
        assert_eq!(due, at("2026-11-30T23:00:00Z"));
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let days = prop::collection::btree_set(0_i64..400, 0..40);
        days.prop_map(|days| {
            let first = day("2026-01-01");
            Calendar::new(days.into_iter().map(|n| first + TimeDelta::days(n)))
        })
    }

    fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
        (0_i64..31_536_000).prop_map(|s| at("2026-01-01T00:00:00Z") + TimeDelta::seconds(s))
    }

    proptest! {
        #[test]
        fn the_working_time_to_the_end_is_what_was_added(
            calendar in any_calendar(), start in any_time(), seconds in 0_i64..604_800,
        ) {
            let time = TimeDelta::seconds(seconds);
            let end = calendar.after(start, time);
            prop_assert_eq!(calendar.between(start, end), time);
        }

        #[test]
        fn a_stop_in_between_moves_no_end_when_no_time_passes(
            calendar in any_calendar(), start in any_time(), seconds in 1_i64..604_800, share in 0_i64..100,
        ) {
            let end = calendar.after(start, TimeDelta::seconds(seconds));
            let stop = start + (end - start) * i32::try_from(share).unwrap() / 100;
            let left = calendar.between(stop, end);
            if left > TimeDelta::zero() {
                prop_assert_eq!(calendar.after(stop, left), end);
            }
        }

        #[test]
        fn more_working_time_never_ends_earlier(
            calendar in any_calendar(), start in any_time(), one in 0_i64..604_800, more in 0_i64..86_400,
        ) {
            let end = |seconds| calendar.after(start, TimeDelta::seconds(seconds));
            prop_assert!(end(one) <= end(one + more));
            prop_assert!(end(one) >= start);
        }
    }
}
