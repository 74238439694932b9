//! Counters that begin at zero.
//!
//! Prometheus takes the first value of a counter for its begin. A series that appears with its first events hides
//! them from `rate`, such as the sessions that one fault ends all at once.

/// As `abu_application` counts them.
const LOG_IN_FAILURES: [&str; 2] = ["credentials", "second-factor"];
/// As `abu_mail` counts them.
const MAIL_OUTCOMES: [&str; 4] = ["sent", "postponed", "dead", "unreachable"];

pub(super) fn begin() {
    abu_chat::begin_counters();
    for reason in LOG_IN_FAILURES {
        metrics::counter!("abu_log_ins_failed_total", "reason" => reason).increment(0);
    }
    for outcome in MAIL_OUTCOMES {
        metrics::counter!("abu_mails_total", "outcome" => outcome).increment(0);
    }
}
