//! Tokens: the words of a name that a search matches one by one.

use super::fold::{first_chars, fold};
use crate::platform::text::{NO_LETTER, Violation};

const MAX_TOKENS: usize = 8;
/// How many letters of a token count.
pub(super) const MAX_LETTERS: usize = 40;

/// Parts of Arabic names that belong to the word after them: `abdul rahman`, `al-hassan`.
const PARTICLES: [&str; 8] = ["abd", "abdul", "abdur", "abdus", "abdun", "al", "el", "ibn"];
/// The article after `abd`, in its assimilated forms: `abd ur rahman`.
const ARTICLES: [&str; 4] = ["ul", "ur", "us", "un"];

/// One folded word of a name: 1 to 40 letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token<'a>(&'a str);

impl<'a> Token<'a> {
    /// Wraps a token that came from a [`Name`] before it was stored.
    pub fn from_storage(text: &'a str) -> Self {
        Self(text)
    }

    /// The token as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether the token is one ASCII letter, which abbreviates a name. One letter of another script can be a whole
    /// name.
    pub fn is_initial(self) -> bool {
        self.0.len() == 1
    }

    /// The number of letters.
    pub(super) fn letters(self) -> usize {
        self.0.chars().count()
    }
}

/// The tokens of a person's name, in order: 1 to 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    key: String,
}

impl Name {
    /// Parses a whole name, such as `Bello, Sa'adatu Abdul-Rahman`, into `bello`, `saadatu` and `abdulrahman`.
    ///
    /// A particle joins the word after it, unless that is an initial. Tokens after the eighth and letters after a
    /// token's fortieth do not count. Titles stay; a [`Query`](super::Query) drops them.
    ///
    /// # Errors
    /// `name.no-letter` if [`fold`] leaves nothing.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let folded = fold(text);
        if folded.is_empty() {
            return Err(NO_LETTER);
        }
        let words: Vec<&str> = folded.split(' ').collect();
        let mut key = String::with_capacity(folded.len());
        let mut rest = &words[..];
        for _ in 0..MAX_TOKENS {
            if rest.is_empty() {
                break;
            }
            let (token, after) = rest.split_at(particles(rest) + 1);
            push_token(&mut key, token);
            rest = after;
        }
        Ok(Self { key })
    }

    /// The tokens in the order of the name.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.key.split(' ').map(Token)
    }

    /// The tokens joined by spaces, in the order of the name. With the surname first it sorts people.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The distinct tokens sorted and joined by spaces: equal for names that differ in order alone.
    pub fn set(&self) -> String {
        let mut tokens: Vec<&str> = self.key.split(' ').collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.join(" ")
    }
}

/// How many of the first words join the word after them.
fn particles(words: &[&str]) -> usize {
    let mut before = "";
    let count = words
        .iter()
        .take_while(|word| {
            let joins = PARTICLES.contains(*word) || before == "abd" && ARTICLES.contains(*word);
            before = word;
            joins
        })
        .count();
    match words.get(count) {
        Some(word) if !Token(word).is_initial() => count,
        _ => 0,
    }
}

fn push_token(key: &mut String, words: &[&str]) {
    if !key.is_empty() {
        key.push(' ');
    }
    let mut left = MAX_LETTERS;
    for word in words {
        let kept = first_chars(word, left);
        left -= kept.chars().count();
        key.push_str(kept);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    fn key(text: &str) -> String {
        Name::parse(text).unwrap().key
    }

    /// Names of particles, initials and words, where joining decides.
    fn particles_and_words() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            prop::sample::select(&PARTICLES[..]).prop_map(str::to_owned),
            prop::sample::select(&ARTICLES[..]).prop_map(str::to_owned),
            "[a-z]{1,3}",
            "[ab]{38,42}",
        ];
        prop::collection::vec(word, 1..12).prop_map(|words| words.join(" "))
    }

    #[test]
    fn a_particle_joins_the_word_after_it() {
        for (text, expected) in [
            ("abdul rahman", "abdulrahman"),
            ("Abdul-Rahman", "abdulrahman"),
            ("abdulrahman", "abdulrahman"),
            ("Abd al-Rahman Musa", "abdalrahman musa"),
            ("Abd-ur-Rahman", "abdurrahman"),
            ("Musa Abdur Rasheed", "musa abdurrasheed"),
            ("Al-Hassan El Ladan", "alhassan elladan"),
            ("Ibn Sina", "ibnsina"),
            ("Al B. Musa", "al b musa"),
            ("Musa Al", "musa al"),
            ("Musa Abd ul", "musa abd ul"),
            ("Ur Musa", "ur musa"),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
    }

    #[test]
    fn titles_initials_and_order_stay_in_a_name() {
        assert_eq!(key("Bello, Alhaji M. Sa'adatu"), "bello alhaji m saadatu");
        let initials: Vec<bool> = Name::parse("M. Ọ. Bo 李")
            .unwrap()
            .tokens()
            .map(Token::is_initial)
            .collect();
        assert_eq!(initials, [true, true, false, false]);
    }

    #[test]
    fn names_that_differ_in_order_have_one_set() {
        let set = |text: &str| Name::parse(text).unwrap().set();
        assert_eq!(set("Musa Abdul Kadir Bello"), "abdulkadir bello musa");
        assert_eq!(set("BELLO, Musa Abdul-Ƙadir"), set("Musa Abdulkadir Bello"));
        assert_eq!(set("Musa Musa"), "musa");
    }

    #[test]
    fn a_name_needs_a_letter_and_keeps_eight_tokens_of_forty_letters() {
        for text in ["", "…", "2010", "\u{3164}", "👍", "ʼ"] {
            assert_eq!(
                Name::parse(text).unwrap_err().code,
                "name.no-letter",
                "{text:?}"
            );
        }
        assert_eq!(key("a b c d e f g h i"), "a b c d e f g h");
        assert_eq!(key(&format!("al {}", "ọ".repeat(60))).len(), MAX_LETTERS);
        assert_eq!(key(&"ع".repeat(60)).chars().count(), MAX_LETTERS);
        assert_eq!(key(&"al ".repeat(200)).split(' ').count(), MAX_TOKENS);
    }

    proptest! {
        #[test]
        fn a_folded_text_has_the_tokens_of_the_text(text in any_text()) {
            prop_assert_eq!(Name::parse(&fold(&text)), Name::parse(&text));
        }

        #[test]
        fn a_key_parses_to_itself(text in prop_oneof![any_text(), particles_and_words()]) {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.key()), Ok(name));
            }
        }

        #[test]
        fn tokens_are_few_short_and_not_empty(
            text in prop_oneof![any_text(), particles_and_words(), ".{0,600}"],
        ) {
            if let Ok(name) = Name::parse(&text) {
                prop_assert!((1..=MAX_TOKENS).contains(&name.tokens().count()));
                let lengths = name.tokens().map(Token::letters);
                prop_assert!(lengths.into_iter().all(|length| (1..=MAX_LETTERS).contains(&length)));
            }
        }
    }
}
