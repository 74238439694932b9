//! Random draws in integers, so that every machine draws alike.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What a stream decides. New subjects leave the streams of others alone.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    Names = 1,
    Studies = 2,
    Contact = 3,
}

pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, block: u64, subject: Subject) -> Self {
        let mut key = [0; 32];
        for (place, number) in [seed, block, subject as u64].into_iter().enumerate() {
            key[8 * place..8 * (place + 1)].copy_from_slice(&number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to `end - 1`. The bias is below `end` / 2⁶⁴.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(end);
        (wide >> 64) as u64
    }

    pub(crate) fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < u64::from(chance)
    }

    pub(crate) fn per_mille(&mut self, chance: u32) -> bool {
        self.below(1_000) < u64::from(chance)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }
}

/// Cumulative weights.
pub(crate) struct Weights(Vec<u64>);

/// The weight of rank 1. Coarse enough that the last bits of a machine's `powf` do not show.
const SCALE: f64 = 1_048_576.0;

impl Weights {
    pub(crate) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let running = weights.into_iter().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self(running.collect())
    }

    /// Zipf's law: the weight of rank `r` is `r` to the power of `-exponent`.
    pub(crate) fn zipf(count: usize, exponent: f64) -> Self {
        Self::new((1..=count).map(|rank| (SCALE / (rank as f64).powf(exponent)).round() as u64))
    }

    /// An index, by weight.
    pub(crate) fn draw(&self, draw: &mut Draw) -> usize {
        let Some(&total) = self.0.last() else {
            return 0;
        };
        let at = draw.below(total);
        self.0.partition_point(|&sum| sum <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_their_weights() {
        let mut draw = Draw::new(1, 0, Subject::Names);
        let weights = Weights::new([1, 0, 3]);
        let mut seen = [0; 3];
        for _ in 0..4_000 {
            seen[weights.draw(&mut draw)] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((900..1_100).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn seeds_blocks_and_subjects_have_streams_of_their_own() {
        let first = |seed, block, subject| Draw::new(seed, block, subject).below(u64::MAX);
        let draws = [
            first(1, 0, Subject::Names),
            first(2, 0, Subject::Names),
            first(1, 1, Subject::Names),
            first(1, 0, Subject::Studies),
        ];
        for (at, one) in draws.iter().enumerate() {
            assert!(!draws[..at].contains(one), "{draws:?}");
        }
    }
}
