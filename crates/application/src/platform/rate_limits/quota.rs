//! So many requests in such a time, as a setting says it.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use crate::platform::token_bucket::Rate;

/// What a time may be given in, the longest first.
const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
const MAX_LIMIT: u32 = 1_000_000;
const MAX_WINDOW: u32 = 86_400;

/// So many requests in such a time: what a bucket holds, and how long it takes to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: NonZeroU32,
    window: NonZeroU32,
}

/// A text that is no quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of requests and a time, 1 to 1000000 in 1 s to 24 h, such as 10/15min")]
pub struct QuotaError;

impl Quota {
    /// One a second.
    pub const LEAST: Self = Self {
        limit: NonZeroU32::MIN,
        window: NonZeroU32::MIN,
    };

    /// `limit` in `seconds`; at least one of each.
    pub fn new(limit: u32, seconds: u32) -> Self {
        Self {
            limit: NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN),
            window: NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// How many.
    pub fn limit(self) -> NonZeroU32 {
        self.limit
    }

    /// In how many seconds.
    pub fn window(self) -> u32 {
        self.window.get()
    }

    pub(crate) fn rate(self) -> Rate {
        Rate::new(self.limit, Duration::from_secs(self.window.get().into()))
    }
}

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let (limit, time) = text.split_once('/').ok_or(QuotaError)?;
        let (count, unit) = time.split_at(time.find(|c: char| !c.is_ascii_digit()).unwrap_or(0));
        let (_, seconds) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or(QuotaError)?;
        let count = match count {
            "" => 1,
            count => whole(count)?,
        };
        let window = count.checked_mul(*seconds).ok_or(QuotaError)?;
        let quota = Self {
            limit: NonZeroU32::new(whole(limit)?).ok_or(QuotaError)?,
            window: NonZeroU32::new(window).ok_or(QuotaError)?,
        };
        let in_bounds = quota.limit.get() <= MAX_LIMIT && quota.window.get() <= MAX_WINDOW;
        in_bounds.then_some(quota).ok_or(QuotaError)
    }
}

/// Digits alone: no sign.
fn whole(text: &str) -> Result<u32, QuotaError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_number| digits).ok_or(QuotaError)
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, window) = (self.limit, self.window.get());
        let unit = UNITS
            .iter()
            .find(|(_, seconds)| window.is_multiple_of(*seconds));
        match unit {
            Some((name, seconds)) if *seconds == window => write!(f, "{limit}/{name}"),
            Some((name, seconds)) => write!(f, "{limit}/{}{name}", window / seconds),
            None => write!(f, "{limit}/{window}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quota_is_a_number_and_a_time() {
        for (text, limit, window) in [
            ("300/min", 300, 60),
            ("10/15min", 10, 900),
            ("5/h", 5, 3_600),
            ("10/s", 10, 1),
            ("1000000/24h", 1_000_000, 86_400),
            ("1/1d", 1, 86_400),
        ] {
            assert_eq!(text.parse(), Ok(Quota::new(limit, window)), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_out_of_bounds_is_refused() {
        for text in [
            "",
            "/",
            "5",
            "5/",
            "/h",
            "5/7",
            "0/h",
            "5/0h",
            "-5/h",
            "+5/h",
            "5/+1h",
            "5 / h",
            "5/H",
            "5/hour",
            "5/1.5h",
            "1000001/h",
            "5/25h",
            "5/4294967295h",
            "99999999999/h",
            "5/é",
        ] {
            assert_eq!(text.parse::<Quota>(), Err(QuotaError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_quota_reads_back_as_it_is_shown(limit in 1..=MAX_LIMIT, window in 1..=MAX_WINDOW) {
            let quota = Quota::new(limit, window);
            prop_assert_eq!(quota.to_string().parse(), Ok(quota));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in any::<String>(), tail in "[0-9]{0,12}/[0-9]{0,12}[a-z]{0,3}") {
            let _ = text.parse::<Quota>();
            let _ = tail.parse::<Quota>();
        }
    }
}
