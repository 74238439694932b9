//! Relevance: how well the tokens of a row fit the words of a search, weighted by how rare each word is.

use super::{Level, Words};

/// Points of a word that matches fully and is as rare as can be.
const FULL: f64 = 10_000.0;
/// Shares of a word's points: as written, a variant, one edit away, two edits away.
const TIERS: [f64; 4] = [1.0, 0.93, 0.8, 0.6];
/// Points lost for each name that one has more than the other.
const EXTRA_NAME: i32 = 200;
/// Points of an initial that a name begins with.
const INITIAL: i32 = 1_000;
/// Even the most frequent word counts so much, in thousandths.
const LEAST_WEIGHT: f64 = 300.0;

/// How much each word counts, in thousandths. A cursor carries them, so that pages of one search agree.
pub type Weights = Vec<u16>;

/// Points of a row: the sum over the words, plus initials, minus names too many or too few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// For each word, its tiers with the points of each; the first tier that a row has counts.
    pub words: Vec<Vec<(Vec<String>, i32)>>,
    /// Names that begin with one of these earn [`initial`](Self::initial) points each.
    pub initials: Vec<String>,
    /// How many names the search has.
    pub names: i16,
    /// Points for each initial.
    pub initial: i32,
    /// Points lost for each name more or less than [`names`](Self::names).
    pub extra_name: i32,
}

/// The weight of each word: from 1 for a token of one row down to 0.5 for a token of all of them.
pub(super) fn weights(words: &Words, total: u32) -> Weights {
    let total = f64::from(total.max(2));
    let weight = |frequency: u64| {
        let rarity = (total / (frequency.max(1) as f64)).ln().max(0.0) / total.ln();
        (500.0 + 500.0 * rarity).clamp(LEAST_WEIGHT, 1_000.0)
    };
    let exact = words.sets(Level::Exact).into_iter();
    let far = words.sets(Level::Far);
    exact
        .zip(far)
        .map(|(exact, all)| {
            let known = if exact.is_empty() { all } else { exact };
            weight(words.frequency(known)) as u16
        })
        .collect()
}

impl Ranking {
    pub(super) fn of(words: &Words, level: Level, weights: &[u16]) -> Self {
        let ranked = words.words().iter().zip(weights).map(|(word, weight)| {
            let near = if level >= Level::Near {
                &word.near[..]
            } else {
                &[]
            };
            let far = if level >= Level::Far {
                &word.far[..]
            } else {
                &[]
            };
            let tiers = [&[word.text.clone()][..], &word.variants, near, far].map(<[_]>::to_vec);
            let points = TIERS.map(|share| (FULL * share * f64::from(*weight) / 1_000.0) as i32);
            let tiers = tiers.into_iter().zip(points);
            tiers.filter(|(tokens, _)| !tokens.is_empty()).collect()
        });
        let names = words.words().len() + words.initials().len();
        Self {
            words: ranked.collect(),
            initials: words.initials().to_vec(),
            names: i16::try_from(names).unwrap_or(i16::MAX),
            initial: INITIAL,
            extra_name: EXTRA_NAME,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::alumni::names::{Lexicon, Query};

    #[test]
    fn a_rare_word_weighs_more_than_a_frequent_one() {
        let vocabulary = HashMap::from([("musa".to_owned(), 1_000), ("zazu".to_owned(), 1)]);
        let query = Query::parse("musa zazu").unwrap();
        let words = Words::expand(&query, vocabulary, &Lexicon::default());
        assert_eq!(weights(&words, 1_000), [500, 1_000]);
        assert_eq!(weights(&words, 0), [500, 1_000]);
    }

    #[test]
    fn tiers_lose_points_in_their_order_and_narrow_levels_lack_the_wide_ones() {
        let vocabulary = ["ibrahim", "ebrahim", "ibraham"].map(|token| (token.to_owned(), 5));
        let lexicon = Lexicon::parse("ibrahim ebrahim").unwrap();
        let query = Query::parse("ibrahim m").unwrap();
        let words = Words::expand(&query, HashMap::from(vocabulary), &lexicon);
        let tiers = |level| Ranking::of(&words, level, &[1_000]).words.remove(0);
        let points: Vec<i32> = tiers(Level::Far)
            .iter()
            .map(|(_, points)| *points)
            .collect();
        assert_eq!(points, [10_000, 9_300, 8_000]);
        assert_eq!(tiers(Level::Exact).len(), 2);
        let ranking = Ranking::of(&words, Level::Exact, &[1_000]);
        assert_eq!((ranking.names, ranking.initials.len()), (2, 1));
    }
}
