//! Retries of queued work, mails and jobs alike: exponential back-off with jitter.

use std::time::Duration;

use uuid::Uuid;

/// Attempts before queued work becomes a dead letter, unless the operator decides: some three hours.
pub const MAX_ATTEMPTS: u32 = 12;

/// The wait after the first failed attempt; it doubles with each attempt.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The wait after this failed attempt. The jitter comes from the random part of the row's id.
pub fn wait_after(attempt: u32, id: Uuid) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let [.., last] = id.into_bytes();
    wait.mul_f64(1.0 - f64::from(last) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_ten_seconds_to_an_hour() {
        let waits: Vec<u64> = (1..=12)
            .map(|attempt| wait_after(attempt, Uuid::nil()).as_secs())
            .collect();
        let expected = [
            10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600,
        ];
        assert_eq!(waits, expected);
        assert_eq!(wait_after(u32::MAX, Uuid::nil()), LONGEST_WAIT);
    }

    #[test]
    fn jitter_shortens_a_wait_by_up_to_a_half() {
        let waits: Vec<_> = (0..256)
            .map(|id| wait_after(1, Uuid::from_u128(id)))
            .collect();
        assert!(waits.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(waits.iter().all(|wait| *wait > FIRST_WAIT / 2));
    }
}
