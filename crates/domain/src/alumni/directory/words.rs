//! The words of a search with the tokens that each may mean, and estimates of how many members match.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::alumni::names::{Candidate, Expansion, Lexicon, Query, Token, expand};

/// How many whole names one search asks for at most.
pub const WHOLE_NAMES: usize = 256;
/// How many corrections of a word a whole name takes.
const NEAR_IN_NAMES: usize = 8;
const FAR_IN_NAMES: usize = 4;

/// How far a word may be from a token that it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As written, or a variant spelling.
    Exact,
    /// One edit, or alike in sound.
    Near,
    /// Two edits.
    Far,
}

impl Level {
    /// Every level, the widest first.
    const WIDEST_FIRST: [Self; 3] = [Self::Far, Self::Near, Self::Exact];

    /// The number of the level, from 0.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The level with the number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Exact),
            1 => Some(Self::Near),
            2 => Some(Self::Far),
            _ => None,
        }
    }
}

/// A word of a search. No token is in two of its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As written.
    pub text: String,
    /// Its variant spellings in the vocabulary.
    pub variants: Vec<String>,
    /// Tokens one edit away, or alike in sound; the best first.
    pub near: Vec<String>,
    /// Tokens two edits away; the best first.
    pub far: Vec<String>,
}

/// The words of a search, with the tokens of the vocabulary that they may mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    words: Vec<Word>,
    initials: Vec<String>,
    frequencies: HashMap<String, u32>,
}

impl Words {
    /// Expands a query by the candidates of its [`Lookup`](crate::alumni::names::Lookup) and their frequencies.
    pub fn expand(query: &Query, candidates: HashMap<String, u32>, lexicon: &Lexicon) -> Self {
        let list: Vec<Candidate<'_>> = candidates
            .iter()
            .map(|(token, frequency)| Candidate {
                token: Token::from_storage(token),
                frequency: *frequency,
            })
            .collect();
        let words = query
            .words()
            .map(|word| Word::of(word, &expand(word, &list, lexicon)))
            .collect();
        let initials = query.initials();
        Self {
            words,
            initials: initials.map(|token| token.as_str().to_owned()).collect(),
            frequencies: candidates,
        }
    }

    /// Tokens whose frequency is not known yet: variants of corrections.
    pub fn missing(&self) -> Vec<String> {
        let corrections = self.words.iter().flat_map(|word| &word.near);
        let missing = corrections.filter(|token| !self.frequencies.contains_key(*token));
        let missing: BTreeSet<String> = missing.cloned().collect();
        missing.into_iter().collect()
    }

    /// Adds frequencies, and forgets corrections that no member has.
    #[must_use]
    pub fn knowing(mut self, frequencies: HashMap<String, u32>) -> Self {
        self.frequencies.extend(frequencies);
        let known = &self.frequencies;
        for word in &mut self.words {
            word.near.retain(|token| known.contains_key(token));
        }
        self
    }

    /// The words, in the order of the search.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The initials, which rank results and match nothing on their own.
    pub fn initials(&self) -> &[String] {
        &self.initials
    }

    /// How many rows have one of the tokens, counted once a token.
    pub fn frequency<'a>(&self, tokens: impl IntoIterator<Item = &'a str>) -> u64 {
        let frequency = |token| u64::from(self.frequencies.get(token).copied().unwrap_or(0));
        tokens.into_iter().map(frequency).sum()
    }

    /// For each word, the tokens of the vocabulary that it means at the level.
    pub fn sets(&self, level: Level) -> Vec<Vec<&str>> {
        let known = |token: &&str| self.frequencies.contains_key(*token);
        let words = self.words.iter();
        words
            .map(|word| word.tokens(level).into_iter().filter(known).collect())
            .collect()
    }

    /// Whether every word means a token at the level.
    pub fn match_at(&self, level: Level) -> bool {
        self.sets(level).iter().all(|set| !set.is_empty())
    }

    /// The share of rows, at most 1. Where no count is known, every row counts.
    pub(super) fn share(rows: u64, total: u32) -> f64 {
        match total {
            0 => 1.0,
            total => (rows as f64 / f64::from(total)).min(1.0),
        }
    }

    /// About how many of `total` rows match all words at the level, as if words were independent. Words that share
    /// tokens, such as `usman othman`, are one condition.
    fn estimate(&self, level: Level, total: u32, selectivity: f64) -> f64 {
        let sets: Vec<HashSet<&str>> = self
            .sets(level)
            .into_iter()
            .map(|set| set.into_iter().collect())
            .collect();
        let apart = sets.iter().enumerate().filter(|(index, set)| {
            let mut before = sets[..*index].iter();
            before.all(|earlier| earlier.is_disjoint(set))
        });
        let shares = apart.map(|(_, set)| Self::share(self.frequency(set.iter().copied()), total));
        f64::from(total) * selectivity * shares.product::<f64>()
    }

    /// The widest level whose estimate is within `most`, or else the narrowest at which every word means a token, with
    /// its estimate; `None` if a word means nothing at all.
    pub fn level(&self, total: u32, selectivity: f64, most: f64) -> Option<(Level, f64)> {
        let mut narrowest = None;
        for level in Level::WIDEST_FIRST {
            if !self.match_at(level) {
                continue;
            }
            let estimate = self.estimate(level, total, selectivity);
            narrowest = Some((level, estimate));
            if estimate <= most {
                break;
            }
        }
        narrowest
    }

    /// The whole name that the words make as written: its sorted tokens, as a row's `name_set`.
    pub fn as_written(&self) -> String {
        name_set(self.words.iter().map(|word| word.text.as_str()))
    }

    /// Whole names of one token for each word, other than the one as written: of variants, and of corrections up to
    /// the level. At most [`WHOLE_NAMES`]; each word gives up its worst tokens for it.
    pub fn whole_names(&self, level: Level) -> Vec<String> {
        let alternatives = self.words.iter().map(|word| word.alternatives(level, self));
        let mut names = products(alternatives.collect(), WHOLE_NAMES);
        names.remove(&self.as_written());
        names.into_iter().collect()
    }

    /// Whole names of all words but one, for searches of three words and more. Each word left out has an equal share
    /// of [`WHOLE_NAMES`].
    pub fn shorter_names(&self, level: Level) -> Vec<String> {
        if self.words.len() < 3 {
            return Vec::new();
        }
        let share = WHOLE_NAMES / self.words.len();
        let mut names = BTreeSet::new();
        for left_out in 0..self.words.len() {
            let kept = self.words.iter().enumerate();
            let kept = kept.filter(|(index, _)| *index != left_out);
            let alternatives = kept.map(|(_, word)| word.alternatives(level, self));
            names.extend(products(alternatives.collect(), share));
        }
        names.into_iter().collect()
    }
}

impl Word {
    fn of(word: Token<'_>, expansion: &Expansion<'_>) -> Self {
        let texts = |tier: &[Token<'_>]| -> Vec<String> {
            let others = tier.iter().filter(|token| **token != word);
            others.map(|token| token.as_str().to_owned()).collect()
        };
        Self {
            text: word.as_str().to_owned(),
            variants: texts(&expansion.exact),
            near: texts(&expansion.near),
            far: texts(&expansion.far),
        }
    }

    fn tokens(&self, level: Level) -> Vec<&str> {
        let near = self.near.iter().filter(|_| level >= Level::Near);
        let far = self.far.iter().filter(|_| level >= Level::Far);
        let all = [&self.text].into_iter().chain(&self.variants);
        all.chain(near).chain(far).map(String::as_str).collect()
    }

    /// What may stand for the word in a whole name, the best first. The word itself counts even if no member has it.
    fn alternatives(&self, level: Level, words: &Words) -> Vec<&str> {
        let mut variants: Vec<&str> = self.variants.iter().map(String::as_str).collect();
        variants.sort_by_key(|token| std::cmp::Reverse(words.frequency([*token])));
        let near = self.near.iter().take(NEAR_IN_NAMES);
        let near = near.filter(|_| level >= Level::Near).map(String::as_str);
        let far = self.far.iter().take(FAR_IN_NAMES);
        let far = far.filter(|_| level >= Level::Far).map(String::as_str);
        let written = [self.text.as_str()].into_iter();
        written.chain(variants).chain(near).chain(far).collect()
    }
}

/// At most so many names of one alternative for each word: the longest lists give up their last ones for it.
fn products(mut alternatives: Vec<Vec<&str>>, most: usize) -> BTreeSet<String> {
    let count = |lists: &[Vec<&str>]| lists.iter().map(Vec::len).product::<usize>();
    while count(&alternatives) > most.max(1) {
        if let Some(longest) = alternatives.iter_mut().max_by_key(|list| list.len()) {
            longest.pop();
        }
    }
    let mut names: Vec<Vec<&str>> = vec![Vec::new()];
    for list in &alternatives {
        let longer = names.iter().flat_map(|name| {
            list.iter().map(move |token| {
                let mut name = name.clone();
                name.push(token);
                name
            })
        });
        names = longer.collect();
    }
    names.into_iter().map(name_set).collect()
}

fn name_set<'a>(tokens: impl IntoIterator<Item = &'a str>) -> String {
    let tokens: BTreeSet<&str> = tokens.into_iter().collect();
    let tokens: Vec<&str> = tokens.into_iter().collect();
    tokens.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(query: &str, vocabulary: &[(&str, u32)], lexicon: &str) -> Words {
        let lexicon = Lexicon::parse(lexicon).unwrap();
        let candidates = vocabulary
            .iter()
            .map(|(token, frequency)| ((*token).to_owned(), *frequency));
        Words::expand(
            &Query::parse(query).unwrap(),
            candidates.collect(),
            &lexicon,
        )
    }

    #[test]
    fn the_widest_level_within_the_limit_is_chosen() {
        let vocabulary = [("musa", 900), ("muse", 40), ("bello", 500), ("belloo", 3)];
        let words = words("musa bello", &vocabulary, "");
        let (level, estimate) = words.level(10_000, 1.0, 100.0).unwrap();
        assert_eq!(level, Level::Far);
        assert!((estimate - 940.0 * 503.0 / 10_000.0).abs() < 1e-6);
        assert_eq!(words.level(10_000, 1.0, 47.0).unwrap().0, Level::Exact);
        assert_eq!(words.level(10_000, 1.0, 1.0).unwrap().0, Level::Exact);
        assert_eq!(words.level(10_000, 0.01, 1.0).unwrap().0, Level::Far);
    }

    #[test]
    fn a_word_that_means_nothing_leaves_no_level() {
        let none = words("xylophon", &[("musa", 9)], "");
        assert_eq!(none.level(100, 1.0, 5_000.0), None);
        let misspelt = words("muza", &[("musa", 9)], "");
        assert_eq!(misspelt.level(100, 1.0, 0.0).unwrap().0, Level::Near);
    }

    #[test]
    fn words_that_share_tokens_count_as_one_condition() {
        let vocabulary = [("usman", 500), ("othman", 100)];
        let words = words("usman othman", &vocabulary, "usman othman");
        let (_, estimate) = words.level(1_000, 1.0, 5_000.0).unwrap();
        assert!((estimate - 600.0).abs() < 1e-6, "{estimate}");
    }

    #[test]
    fn whole_names_are_sorted_sets_of_one_token_a_word() {
        let vocabulary = [("musa", 9), ("moussa", 3), ("bello", 9), ("belo", 2)];
        let words = words("musa bello", &vocabulary, "musa moussa");
        assert_eq!(words.as_written(), "bello musa");
        assert_eq!(words.whole_names(Level::Exact), ["bello moussa"]);
        assert_eq!(
            words.whole_names(Level::Near),
            ["bello moussa", "belo moussa", "belo musa"]
        );
        assert_eq!(words.shorter_names(Level::Exact), Vec::<String>::new());
    }

    #[test]
    fn a_name_too_many_finds_the_names_without_it() {
        let vocabulary = [("musa", 9), ("bello", 9), ("sani", 9)];
        let words = words("musa bello sani", &vocabulary, "");
        assert_eq!(
            words.shorter_names(Level::Exact),
            ["bello musa", "bello sani", "musa sani"]
        );
    }

    #[test]
    fn a_name_too_many_finds_the_others_among_many_spellings() {
        let letters = || {
            ('a'..='z')
                .chain('A'..='F')
                .map(|letter| letter.to_ascii_lowercase())
        };
        let spellings = |name: &str| -> Vec<String> {
            let spelt = letters()
                .enumerate()
                .map(|(number, letter)| format!("{letter}{name}{}", "x".repeat(number / 26)));
            spelt.collect()
        };
        let classes = ["musa", "bello", "zubairu"]
            .map(|name| format!("{name} {}", spellings(name).join(" ")));
        let vocabulary: Vec<String> = classes
            .iter()
            .flat_map(|class| class.split(' ').map(str::to_owned))
            .collect();
        let vocabulary: Vec<(&str, u32)> =
            vocabulary.iter().map(|token| (token.as_str(), 9)).collect();
        let words = words("musa bello zubairu", &vocabulary, &classes.join("\n"));
        let names = words.shorter_names(Level::Exact);
        for name in ["bello musa", "bello zubairu", "musa zubairu"] {
            assert!(names.contains(&name.to_owned()), "{name}: {}", names.len());
        }
        assert!(names.len() <= WHOLE_NAMES);
    }

    #[test]
    fn variants_of_corrections_count_once_their_frequency_is_known() {
        let vocabulary = [("mohammed", 50)];
        let words = words("mohamned", &vocabulary, "muhammad mohammed mohd");
        assert_eq!(words.missing(), ["mohd", "muhammad"]);
        let words = words.knowing(HashMap::from([("muhammad".to_owned(), 7)]));
        assert_eq!(words.missing(), Vec::<String>::new());
        assert_eq!(words.sets(Level::Near), [["mohammed", "muhammad"]]);
    }

    proptest! {
        #[test]
        fn whole_names_are_bounded_and_distinct(count in 1..6_usize, spellings in 1..12_usize) {
            let names = ["musa", "bello", "sani", "usman", "garba", "lawal"];
            let lexicon: Vec<String> = names
                .iter()
                .map(|name| {
                    let variants = (0..=spellings).map(|number| {
                        format!("{name}{}", char::from(b'a' + number as u8))
                    });
                    [(*name).to_owned()].into_iter().chain(variants).collect::<Vec<_>>().join(" ")
                })
                .collect();
            let lexicon = Lexicon::parse(&lexicon.join("\n")).unwrap();
            let candidates: HashMap<String, u32> = lexicon
                .classes()
                .iter()
                .flat_map(|class| class.tokens().map(|token| (token.as_str().to_owned(), 5)))
                .collect();
            let query = Query::parse(&names[..count].join(" ")).unwrap();
            let words = Words::expand(&query, candidates, &lexicon);
            for level in Level::WIDEST_FIRST {
                let all = words.whole_names(level);
                let distinct: BTreeSet<&String> = all.iter().collect();
                prop_assert_eq!(distinct.len(), all.len());
                prop_assert!(all.len() <= WHOLE_NAMES);
                prop_assert!(words.shorter_names(level).len() <= WHOLE_NAMES);
            }
        }
    }
}
