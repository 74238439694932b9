//! Counts of failed log-ins in this process.
//!
//! A failure writes no audit entry: attackers could flood the log.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct LogInFailures {
    credentials: AtomicU64,
    second_factors: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureCounts {
    /// Unknown addresses and wrong passwords.
    pub credentials: u64,
    /// Wrong or used one-time passwords and recovery codes, after a right password.
    pub second_factors: u64,
}

impl LogInFailures {
    pub(super) fn count_credentials(&self) {
        self.credentials.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("abu_log_ins_failed_total", "reason" => "credentials").increment(1);
    }

    pub(super) fn count_second_factor(&self) {
        self.second_factors.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("abu_log_ins_failed_total", "reason" => "second-factor").increment(1);
    }

    /// The counts since the last call.
    pub fn take(&self) -> FailureCounts {
        FailureCounts {
            credentials: self.credentials.swap(0, Ordering::Relaxed),
            second_factors: self.second_factors.swap(0, Ordering::Relaxed),
        }
    }
}

impl FailureCounts {
    pub fn any(self) -> bool {
        self != Self::default()
    }
}
