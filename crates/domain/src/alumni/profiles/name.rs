//! Preferred names.

use crate::{
    Violation,
    alumni::names::{Lexicon, Name},
    platform::text::PersonName,
};

/// Parses what a member wants to be called instead of the given names of the register.
///
/// It must share a token with them, or a class of spellings: otherwise it would be another person's name.
///
/// # Errors
/// `preferred_name.unrelated` if it shares neither; those of [`PersonName::parse`].
pub fn preferred_name(
    text: &str,
    given_names: &PersonName,
    lexicon: &Lexicon,
) -> Result<PersonName, Violation> {
    const UNRELATED: Violation = Violation {
        code: "preferred_name.unrelated",
        rule: "must share a name, or a spelling of one, with the given names of the register",
    };
    let preferred = PersonName::parse(text)?;
    let (ours, theirs) = (
        Name::parse(preferred.as_str())?,
        Name::parse(given_names.as_str()).map_err(|_| UNRELATED)?,
    );
    let is_related = ours.tokens().any(|token| {
        let variants = lexicon.variants(token);
        theirs
            .tokens()
            .any(|given| given == token || variants.contains(&given))
    });
    is_related.then_some(preferred).ok_or(UNRELATED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<String, &'static str> {
        let given = PersonName::parse("Muhammad Sani").unwrap();
        preferred_name(text, &given, Lexicon::built_in())
            .map(|name| name.as_str().to_owned())
            .map_err(|violation| violation.code)
    }

    #[test]
    fn a_preferred_name_shares_a_token_or_a_spelling_with_the_given_names() {
        for text in [
            "Sani",
            "sani B.",
            "Mohammed",
            "Mohd Aliyu",
            "Muhammadu-Sanusi",
        ] {
            assert_eq!(check(text), Ok(text.to_owned()));
        }
        for text in ["Aliko", "Sa", "Sanix Muhammaz"] {
            assert_eq!(check(text), Err("preferred_name.unrelated"), "{text}");
        }
        assert_eq!(check("12"), Err("name.no-letter"));
    }
}
