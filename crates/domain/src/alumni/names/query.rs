//! The words of a search for people by name.

use std::collections::BTreeSet;

use super::{
    Lexicon, Name, Token, deletes,
    skeleton::{TELLING, skeleton},
};
use crate::platform::text::Violation;

const MAX_WORDS: usize = 6;
const TOO_SHORT: Violation = Violation {
    code: "name-query.too-short",
    rule: "must contain a word of two letters or more",
};

/// Honorifics that people put before a name and that the stored name may lack.
const TITLES: [&str; 36] = [
    "alh", "alhaja", "alhaji", "amb", "arc", "barr", "bishop", "capt", "chief", "col", "dame",
    "dr", "elder", "engr", "esq", "evang", "gen", "hajia", "hajiya", "hon", "maj", "mal", "malam",
    "mallam", "miss", "mr", "mrs", "ms", "pharm", "prince", "princess", "prof", "pst", "rev",
    "sir", "surv",
];

/// A search for people by name: distinct tokens, 1 to 6 of them words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    tokens: Vec<String>,
}

impl Query {
    /// Parses what a person types, as [`Name::parse`] does. Titles such as `Alhaji` or `Engr.` go if a word remains.
    ///
    /// # Errors
    /// `name.no-letter` without a letter, `name-query.too-short` with initials alone.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = Name::parse(text)?;
        let is_title = |token: Token<'_>| TITLES.contains(&token.as_str());
        let names_someone = name
            .tokens()
            .any(|token| !token.is_initial() && !is_title(token));
        let mut tokens: Vec<String> = Vec::new();
        for token in name.tokens() {
            let is_new = !tokens.iter().any(|known| known == token.as_str());
            if is_new && !(names_someone && is_title(token)) {
                tokens.push(token.as_str().to_owned());
            }
        }
        let query = Self { tokens };
        let has_word = query.words().next().is_some();
        has_word.then_some(query).ok_or(TOO_SHORT)
    }

    /// The tokens that the search matches, in order: 6 at most.
    pub fn words(&self) -> impl Iterator<Item = Token<'_>> {
        let words = self.tokens().filter(|token| !token.is_initial());
        words.take(MAX_WORDS)
    }

    /// The initials, which rank results and match nothing on their own.
    pub fn initials(&self) -> impl Iterator<Item = Token<'_>> {
        self.tokens().filter(|token| token.is_initial())
    }

    /// What to ask the vocabulary for, for all words at once.
    pub fn lookup(&self, lexicon: &Lexicon) -> Lookup {
        let mut lookup = Lookup::default();
        for word in self.words() {
            lookup.tokens.insert(word.as_str().to_owned());
            let variants = lexicon.variants(word).into_iter();
            lookup
                .tokens
                .extend(variants.map(|token| token.as_str().to_owned()));
            lookup.deletes.extend(deletes(word));
            let skeleton = skeleton(word);
            if skeleton.chars().count() >= TELLING {
                lookup.skeletons.insert(skeleton);
            }
        }
        lookup
    }

    fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.tokens.iter().map(|token| Token::from_storage(token))
    }
}

/// Keys of the vocabulary: a token is a candidate if it is one of `tokens`, has one of `deletes`, or has one of
/// `skeletons`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// The words and their variants.
    pub tokens: BTreeSet<String>,
    /// The [`deletes`] of the words.
    pub deletes: BTreeSet<String>,
    /// The [`skeleton`](super::skeleton())s of the words, those of 3 letters or more.
    pub skeletons: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let query = Query::parse(text).unwrap();
        query.words().map(|word| word.as_str().to_owned()).collect()
    }

    #[test]
    fn titles_go_from_a_query_while_a_word_remains() {
        for (text, expected) in [
            ("Alhaji Musa Bello", &["musa", "bello"][..]),
            ("Dr. (Mrs.) Ngozi Okafor", &["ngozi", "okafor"]),
            ("Engr Terhemba", &["terhemba"]),
            ("Mal. Adamu", &["adamu"]),
            ("Chief Prince Adewale", &["adewale"]),
            ("Alhaji Mallam", &["alhaji", "mallam"]),
            ("Chief A.", &["chief"]),
            ("Prince", &["prince"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_repeated_word_counts_once_and_six_words_at_most() {
        assert_eq!(words("Musa musa MÚSA Bello"), ["musa", "bello"]);
        assert_eq!(words("aa bb cc dd ee ff gg hh").len(), MAX_WORDS);
    }

    #[test]
    fn initials_are_no_words_and_no_query_on_their_own() {
        let query = Query::parse("A. B. Musa").unwrap();
        let initials: Vec<&str> = query.initials().map(Token::as_str).collect();
        assert_eq!(initials, ["a", "b"]);
        assert_eq!(words("A. B. Musa"), ["musa"]);
        assert_eq!(Query::parse("m").unwrap_err().code, "name-query.too-short");
        assert_eq!(
            Query::parse("A. B.").unwrap_err().code,
            "name-query.too-short"
        );
        assert_eq!(Query::parse("080 312").unwrap_err().code, "name.no-letter");
        assert_eq!(words("李"), ["李"]);
    }

    #[test]
    fn a_lookup_holds_variants_deletes_and_telling_skeletons() {
        let lexicon = Lexicon::parse("musa moussa").unwrap();
        let lookup = Query::parse("Musa Ibrahim A").unwrap().lookup(&lexicon);
        assert_eq!(
            Vec::from_iter(&lookup.tokens),
            ["ibrahim", "moussa", "musa"]
        );
        assert_eq!(Vec::from_iter(&lookup.skeletons), ["abrm"]);
        for delete in ["musa", "usa", "mus", "ibrahim", "brahi"] {
            assert!(lookup.deletes.contains(delete), "{delete}");
        }
        assert!(!lookup.deletes.contains("mu"));
    }
}
