//! Rates of token buckets out of settings.

use std::{num::NonZeroU32, time::Duration};

use abu_application::platform::token_bucket::Rate;

/// At least one in each `period`.
pub(crate) fn rate(limit: u32, period: Duration) -> Rate {
    Rate::new(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN), period)
}
