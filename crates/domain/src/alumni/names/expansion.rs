//! Query expansion: the tokens of the vocabulary that a word may mean, in tiers.

use std::cmp::Reverse;

use super::{
    Lexicon, Token,
    deletes::forgiven_edits,
    distance,
    skeleton::{TELLING, skeleton},
};

/// How many corrections a tier has.
pub const TIER_SIZE: usize = 12;

/// An unlisted spelling may be this far from the word, if it sounds alike.
const SOUNDS_ALIKE_WITHIN: usize = 3;
/// How many of the best corrections bring their variants.
const NEAR_WITH_VARIANTS: usize = 4;
const FAR_WITH_VARIANTS: usize = 2;

/// A token of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The token.
    pub token: Token<'a>,
    /// How many people have it in their name.
    pub frequency: u32,
}

/// The tokens that a word may mean. No token is in two tiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion<'a> {
    /// The word as written, first, and its variants: those that the vocabulary has.
    pub exact: Vec<Token<'a>>,
    /// The best 12 at distance 1, or within 3 with the same skeleton. Variants of the best corrections follow; they can
    /// be tokens that the vocabulary lacks.
    pub near: Vec<Token<'a>>,
    /// The best 12 at distance 2, for words of 6 letters or more.
    pub far: Vec<Token<'a>>,
}

/// Sorts candidates into the tiers of a word of a [`Query`](super::Query).
///
/// `candidates` are those of the query's [`Lookup`](super::Lookup), each token once; what fits the word in no way
/// falls out. In a tier they are ordered by distance, then by an equal first letter, then by frequency.
pub fn expand<'a>(
    word: Token<'_>,
    candidates: &[Candidate<'a>],
    lexicon: &'a Lexicon,
) -> Expansion<'a> {
    let exact = exact_tier(word, candidates, lexicon);
    let (mut near, mut far) = (Vec::new(), Vec::new());
    let corrections = Corrections::of(word);
    for candidate in candidates {
        if exact.contains(&candidate.token) {
            continue;
        }
        match corrections.tier(candidate.token) {
            Some((Tier::Near, edits)) => near.push((edits, *candidate)),
            Some((Tier::Far, edits)) => far.push((edits, *candidate)),
            None => {}
        }
    }
    let (mut near, far) = (best(word, near), best(word, far));
    let corrected = near.iter().take(NEAR_WITH_VARIANTS);
    let corrected: Vec<_> = corrected
        .chain(far.iter().take(FAR_WITH_VARIANTS))
        .copied()
        .collect();
    for variant in corrected
        .into_iter()
        .flat_map(|token| lexicon.variants(token))
    {
        if ![&exact, &near, &far]
            .iter()
            .any(|tier| tier.contains(&variant))
        {
            near.push(variant);
        }
    }
    Expansion { exact, near, far }
}

fn exact_tier<'a>(
    word: Token<'_>,
    candidates: &[Candidate<'a>],
    lexicon: &Lexicon,
) -> Vec<Token<'a>> {
    let variants = lexicon.variants(word);
    let known = |wanted: Token<'_>| {
        let mut tokens = candidates.iter().map(|candidate| candidate.token);
        tokens.find(|token| *token == wanted)
    };
    [word]
        .into_iter()
        .chain(variants)
        .filter_map(known)
        .collect()
}

fn best<'a>(word: Token<'_>, mut tier: Vec<(usize, Candidate<'a>)>) -> Vec<Token<'a>> {
    let first = word.as_str().chars().next();
    tier.sort_unstable_by_key(|(edits, Candidate { token, frequency })| {
        let begins_alike = token.as_str().chars().next() == first;
        (*edits, !begins_alike, Reverse(*frequency), *token)
    });
    tier.into_iter()
        .take(TIER_SIZE)
        .map(|(_, candidate)| candidate.token)
        .collect()
}

enum Tier {
    Near,
    Far,
}

/// The corrections of one word.
struct Corrections<'a> {
    word: Token<'a>,
    forgiven: usize,
    skeleton: Option<String>,
}

impl<'a> Corrections<'a> {
    fn of(word: Token<'a>) -> Self {
        let skeleton = Some(skeleton(word)).filter(|key| key.chars().count() >= TELLING);
        Self {
            word,
            forgiven: forgiven_edits(word),
            skeleton,
        }
    }

    fn tier(&self, token: Token<'_>) -> Option<(Tier, usize)> {
        let edits = distance(self.word, token, SOUNDS_ALIKE_WITHIN)?;
        if edits == 1 && self.forgiven >= 1 || self.sounds_like(token) {
            Some((Tier::Near, edits))
        } else if edits == 2 && self.forgiven >= 2 {
            Some((Tier::Far, edits))
        } else {
            None
        }
    }

    fn sounds_like(&self, token: Token<'_>) -> bool {
        self.skeleton
            .as_deref()
            .is_some_and(|key| key == skeleton(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates<'a>(vocabulary: &[(&'a str, u32)]) -> Vec<Candidate<'a>> {
        let candidate = |(token, frequency): &(&'a str, u32)| Candidate {
            token: Token::from_storage(token),
            frequency: *frequency,
        };
        vocabulary.iter().map(candidate).collect()
    }

    fn texts<'a>(tier: &[Token<'a>]) -> Vec<&'a str> {
        tier.iter().map(|token| token.as_str()).collect()
    }

    #[test]
    fn a_word_has_its_variants_then_neighbors_then_the_far() {
        let lexicon = Lexicon::parse("ibrahim ebrahim ibraheem").unwrap();
        let vocabulary = candidates(&[
            ("ibrahim", 900),
            ("ebrahim", 5),
            ("ibrahima", 7),
            ("brahim", 8),
            ("ibraham", 9),
            ("ibroheema", 3),
            ("abraham", 40),
            ("ibrxhix", 2),
            ("musa", 800),
        ]);
        let expansion = expand(Token::from_storage("ibrahim"), &vocabulary, &lexicon);
        assert_eq!(texts(&expansion.exact), ["ibrahim", "ebrahim"]);
        let near = ["ibraham", "ibrahima", "brahim", "abraham"];
        assert_eq!(texts(&expansion.near)[..4], near);
        assert_eq!(texts(&expansion.far), ["ibrxhix"]);
    }

    #[test]
    fn a_misspelt_variant_finds_all_spellings_of_its_name() {
        let lexicon = Lexicon::parse("muhammad mohammed mohd").unwrap();
        let vocabulary = candidates(&[("mohammed", 50)]);
        let expansion = expand(Token::from_storage("mohamned"), &vocabulary, &lexicon);
        assert_eq!(texts(&expansion.exact), [""; 0]);
        assert_eq!(texts(&expansion.near), ["mohammed", "muhammad", "mohd"]);
    }

    #[test]
    fn short_words_forgive_less() {
        let vocabulary = candidates(&[("bo", 1), ("eze", 9), ("ebele", 4), ("obela", 4)]);
        let lexicon = Lexicon::default();
        let near = |word| texts(&expand(Token::from_storage(word), &vocabulary, &lexicon).near);
        assert_eq!(near("ba"), [""; 0]);
        assert_eq!(near("ezi"), ["eze"]);
        let far = expand(Token::from_storage("ebela"), &vocabulary, &lexicon).far;
        assert_eq!(texts(&far), [""; 0]);
    }

    #[test]
    fn a_tier_keeps_the_best_twelve() {
        let names: Vec<String> = ('a'..='z').map(|letter| format!("mus{letter}")).collect();
        let vocabulary: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(0..).collect();
        let lexicon = Lexicon::default();
        let expansion = expand(
            Token::from_storage("mus"),
            &candidates(&vocabulary),
            &lexicon,
        );
        assert_eq!(expansion.near.len(), TIER_SIZE);
        assert_eq!(texts(&expansion.near)[..2], ["musz", "musy"]);
    }
}
