//! Folding: what two spellings of a name have in common.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::characters::{is_ignorable, is_letter, is_mark, is_number};

/// The words of the text without accents, case, hooks and apostrophes, with one space between them.
/// Punctuation and symbols part words. The function `folded` of the database agrees for the letters
/// of names.
pub(crate) fn folded(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut words = String::with_capacity(text.len());
    for c in decomposed.chars().flat_map(char::to_lowercase) {
        if is_mark(c) || is_ignorable(c) || is_apostrophe(c) {
            continue;
        }
        if is_letter(c) || is_number(c) {
            words.push(unhooked(c));
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Signs inside Hausa and Yoruba names, in the forms that keyboards write.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}'
    )
}

/// Hausa's and Fulfulde's hooked letters as people without them write.
fn unhooked(c: char) -> char {
    match c {
        'ɓ' => 'b',
        'ɗ' => 'd',
        'ƙ' => 'k',
        'ƴ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    #[test]
    fn accents_case_and_hooks_do_not_tell_names_apart() {
        for (text, expected) in [
            ("Ƙadir ƊANJUMA", "kadir danjuma"),
            ("ɓaɗƙƴ", "badky"),
            ("  Ṣadé—Bello ", "sade bello"),
            ("Hauwa’u", "hauwau"),
            ("Hauwa'u", "hauwau"),
            ("İbrahim", "ibrahim"),
            ("ABU\u{200d} Ａdmin!", "abu admin"),
            ("★", ""),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any_text()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
