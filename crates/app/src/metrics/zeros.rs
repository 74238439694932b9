//! Counters that begin at zero.
//!
//! Prometheus takes the first value of a counter for its begin. A series that appears with its first events hides
//! them from `rate`, such as the sessions that one fault ends all at once.

use abu_application::{
    messaging::budget::LIMIT_NAMES,
    platform::rate_limits::{Guard, Shaping},
};

/// As `abu_application` counts them.
const LOG_IN_FAILURES: [&str; 2] = ["credentials", "second-factor"];
/// As `abu_application` counts them.
const DIRECTORY: [&str; 2] = ["abu_directory_alerts_total", "abu_directory_repairs_total"];
/// As `abu_mail` counts them.
const MAIL_OUTCOMES: [&str; 4] = ["sent", "postponed", "dead", "unreachable"];

pub(super) fn begin() {
    abu_chat::begin_counters();
    for policy in rate_limits() {
        metrics::counter!("abu_rate_limited_total", "policy" => policy).increment(0);
    }
    for reason in LOG_IN_FAILURES {
        metrics::counter!("abu_log_ins_failed_total", "reason" => reason).increment(0);
    }
    for of_the_directory in DIRECTORY {
        metrics::counter!(of_the_directory).increment(0);
    }
    for outcome in MAIL_OUTCOMES {
        metrics::counter!("abu_mails_total", "outcome" => outcome).increment(0);
    }
}

/// The policies that answers with 429 name.
fn rate_limits() -> impl Iterator<Item = &'static str> {
    let shaping = Shaping::ALL.iter().map(|limit| limit.name());
    let guards = Guard::ALL.iter().map(|guard| guard.name());
    shaping.chain(guards).chain(LIMIT_NAMES)
}
