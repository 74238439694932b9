//! Lexicon of spelling variants, applied to queries alone.

use std::{collections::HashMap, fmt, sync::LazyLock};

use super::{Name, Token};

const BUILT_IN: &str = include_str!("../../../data/name-variants.txt");

/// One name in its spellings, distinct tokens, the usual one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantClass(Vec<String>);

impl VariantClass {
    /// Parses spellings with blanks between them; `Sa’adatu` becomes `saadatu`.
    ///
    /// # Errors
    /// The kind of [`LexiconError`], if there are fewer than two spellings, one is not a token on its own, or two fold
    /// alike.
    pub fn parse(spellings: &str) -> Result<Self, LexiconError> {
        let mut class: Vec<String> = Vec::new();
        for spelling in spellings.split_whitespace() {
            let token = match Name::parse(spelling) {
                Ok(name) if name.tokens().count() == 1 => name.key().to_owned(),
                _ => return Err(LexiconError::NotOneToken(spelling.to_owned())),
            };
            if class.contains(&token) {
                return Err(LexiconError::Repeated(spelling.to_owned()));
            }
            class.push(token);
        }
        match class.len() {
            0 | 1 => Err(LexiconError::TooFew),
            _ => Ok(Self(class)),
        }
    }

    /// The spellings, the usual one first.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.0.iter().map(|token| Token::from_storage(token))
    }
}

/// Why a text is no [`VariantClass`] or no [`Lexicon`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LexiconError {
    /// A class has fewer than two spellings.
    TooFew,
    /// The spelling folds to no token, or to several.
    NotOneToken(String),
    /// The spelling folds like one before it in its class.
    Repeated(String),
    /// The line with this number, from 1, is no class.
    Line(usize, Box<LexiconError>),
}

impl fmt::Display for LexiconError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew => f.write_str("a class needs two spellings or more"),
            Self::NotOneToken(spelling) => write!(f, "`{spelling}` is not one word of letters"),
            Self::Repeated(spelling) => write!(f, "`{spelling}` repeats a spelling of its class"),
            Self::Line(line, error) => write!(f, "line {line}: {error}"),
        }
    }
}

impl std::error::Error for LexiconError {}

/// Classes of spelling variants. A spelling may be in several classes, and classes are not transitive: `hadiza` and
/// `khadijah` both vary `khadija`, and neither varies the other.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    classes: Vec<VariantClass>,
    /// The classes of each token, as indexes.
    of_token: HashMap<String, Vec<usize>>,
}

impl Lexicon {
    /// The lexicon of these classes.
    pub fn new(classes: Vec<VariantClass>) -> Self {
        let mut of_token: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, class) in classes.iter().enumerate() {
            for token in class.tokens() {
                let classes = of_token.entry(token.as_str().to_owned()).or_default();
                classes.push(index);
            }
        }
        Self { classes, of_token }
    }

    /// Parses one class a line. Empty lines and lines that begin with `#` do not count.
    ///
    /// # Errors
    /// [`LexiconError::Line`] for the first line that is no class.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        let lines = text.lines().zip(1..);
        let classes = lines
            .filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|(line, number)| {
                let at_line = |error| LexiconError::Line(number, Box::new(error));
                VariantClass::parse(line).map_err(at_line)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self::new(classes))
    }

    /// The lexicon of `data/name-variants.txt`, which names its source.
    pub fn built_in() -> &'static Self {
        #[expect(clippy::expect_used, reason = "a test parses the same embedded text")]
        static LEXICON: LazyLock<Lexicon> =
            LazyLock::new(|| Lexicon::parse(BUILT_IN).expect("the embedded file is valid"));
        &LEXICON
    }

    /// The classes, in the order given.
    pub fn classes(&self) -> &[VariantClass] {
        &self.classes
    }

    /// The classes that the token is in.
    pub fn classes_of(&self, token: Token<'_>) -> impl Iterator<Item = &VariantClass> {
        let classes = self.of_token.get(token.as_str());
        classes
            .into_iter()
            .flatten()
            .map(|index| &self.classes[*index])
    }

    /// The other spellings of the token's classes, each once.
    pub fn variants<'a>(&'a self, token: Token<'_>) -> Vec<Token<'a>> {
        let mut variants = Vec::new();
        for &index in self.of_token.get(token.as_str()).into_iter().flatten() {
            for variant in self.classes[index].tokens() {
                if variant != token && !variants.contains(&variant) {
                    variants.push(variant);
                }
            }
        }
        variants
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn variants<'a>(lexicon: &'a Lexicon, token: &str) -> Vec<&'a str> {
        let variants = lexicon.variants(Token::from_storage(token));
        variants.into_iter().map(Token::as_str).collect()
    }

    #[test]
    fn classes_share_a_spelling_without_becoming_one() {
        let lexicon = Lexicon::parse("# women\n\nkhadija Khadijah\nhadiza khadija\n").unwrap();
        assert_eq!(variants(&lexicon, "khadija"), ["khadijah", "hadiza"]);
        assert_eq!(variants(&lexicon, "hadiza"), ["khadija"]);
        assert_eq!(variants(&lexicon, "musa"), [""; 0]);
    }

    #[test]
    fn a_spelling_folds_and_must_be_one_new_token() {
        let class = VariantClass::parse("Sa’adatu  Al-Amin ẹmẹka").unwrap();
        let tokens: Vec<&str> = class.tokens().map(Token::as_str).collect();
        assert_eq!(tokens, ["saadatu", "alamin", "emeka"]);
        for (text, error) in [
            ("", LexiconError::TooFew),
            ("musa", LexiconError::TooFew),
            ("musa mu-sa", LexiconError::NotOneToken("mu-sa".to_owned())),
            ("musa 7", LexiconError::NotOneToken("7".to_owned())),
            (
                "musa moussa MÚSA",
                LexiconError::Repeated("MÚSA".to_owned()),
            ),
        ] {
            assert_eq!(VariantClass::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn an_error_names_its_line() {
        let error = Lexicon::parse("# one\nmusa moussa\n\nbello\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 4: a class needs two spellings or more"
        );
    }

    #[test]
    fn the_embedded_file_is_valid_folded_and_names_its_source() {
        let lexicon = Lexicon::parse(BUILT_IN).unwrap();
        assert!(BUILT_IN.lines().any(|line| line.starts_with("# Source: ")));
        let written = BUILT_IN
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        for (class, line) in lexicon.classes().iter().zip(written) {
            let tokens: Vec<&str> = class.tokens().map(Token::as_str).collect();
            assert_eq!(tokens.join(" "), line, "not as it folds");
        }
    }

    #[test]
    fn each_spelling_of_a_class_finds_the_whole_class() {
        let lexicon = Lexicon::built_in();
        for class in lexicon.classes() {
            for token in class.tokens() {
                let variants: HashSet<_> = lexicon.variants(token).into_iter().collect();
                assert!(!variants.contains(&token));
                let others = class.tokens().filter(|other| *other != token);
                assert!(
                    others.into_iter().all(|other| variants.contains(&other)),
                    "{token:?}"
                );
            }
        }
    }

    #[test]
    fn no_class_of_the_embedded_file_holds_another() {
        let classes = Lexicon::built_in().classes();
        let sets: Vec<HashSet<_>> = classes
            .iter()
            .map(|class| class.tokens().collect())
            .collect();
        for (index, one) in sets.iter().enumerate() {
            let holder = sets
                .iter()
                .enumerate()
                .find(|(at, set)| *at != index && one.is_subset(set));
            assert_eq!(holder, None, "{one:?}");
        }
    }
}
