//! Latency histogram with logarithmic buckets, in nanoseconds: a bucket's width is within 1/64 of its value.

const SUB_BITS: u32 = 6;
const SUB_BUCKETS: u64 = 1 << SUB_BITS;
const BUCKETS: usize = ((64 - SUB_BITS as usize) + 1) << SUB_BITS;

pub(crate) struct Histogram {
    buckets: Box<[u64]>,
    count: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS].into(),
            count: 0,
            max: 0,
        }
    }
}

impl Histogram {
    #[inline]
    pub(crate) fn record(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    /// The quantile `share` (0 to 1) in milliseconds; 0 for an empty histogram.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut below = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            below += count;
            if below >= rank {
                return upper_end(index).min(self.max) as f64 / 1e6;
            }
        }
        0.0
    }
}

/// Values below 64 have a bucket each; each larger power of two has 64 buckets.
fn bucket(nanos: u64) -> usize {
    let shift = (64 - nanos.leading_zeros()).saturating_sub(SUB_BITS + 1);
    ((u64::from(shift) << SUB_BITS) + (nanos >> shift)) as usize
}

/// The largest value of a bucket.
fn upper_end(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * SUB_BUCKETS {
        return index;
    }
    let shift = (index >> SUB_BITS) - 1;
    let top = (index & (SUB_BUCKETS - 1)) + SUB_BUCKETS;
    (top << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert, proptest};

    use super::*;

    #[test]
    fn quantiles_of_known_times_are_right_within_a_bucket() {
        let mut times = Histogram::default();
        for micros in 1..=1_000_u64 {
            times.record(micros * 1_000);
        }
        for (share, expected) in [(0.5, 0.5), (0.99, 0.99), (0.999, 0.999), (1.0, 1.0)] {
            let found = times.quantile_ms(share);
            assert!(
                (expected..=expected * 1.017).contains(&found),
                "{share}: {found}"
            );
        }
    }

    #[test]
    fn no_times_have_no_quantiles() {
        assert_eq!(Histogram::default().quantile_ms(0.99), 0.0);
    }

    #[test]
    fn the_largest_time_is_exact() {
        let mut times = Histogram::default();
        times.record(1);
        times.record(123_456_789);
        assert_eq!(times.quantile_ms(1.0), 123.456_789);
    }

    proptest! {
        #[test]
        fn each_value_lies_in_its_bucket(value in any::<u64>()) {
            let index = bucket(value);
            prop_assert!(index < BUCKETS);
            prop_assert!(upper_end(index) >= value);
            prop_assert!(index == 0 || upper_end(index - 1) < value);
            prop_assert!(upper_end(index) - value <= value / 32);
        }
    }
}
