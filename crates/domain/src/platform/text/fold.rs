//! Folding: what two spellings of a name have in common.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::characters::{is_ignorable, is_letter, is_mark, is_number};

/// The words of the text without accents, case, hooks and apostrophes, with one space between them.
/// Punctuation and symbols part words. The function `folded_words` of the database does the same.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return words(text.chars(), text.len());
    }
    // An acute accent on its own stands for an apostrophe, and would decompose into a space and a mark.
    let without_signs = text.chars().filter(|c| !is_apostrophe(*c));
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(without_signs);
    words(decomposed, text.len())
}

fn words(decomposed: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut words = String::with_capacity(capacity);
    for c in decomposed.flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => words.push(c),
            _ if is_apostrophe(c) || is_mark(c) || is_ignorable(c) => {}
            _ if is_letter(c) || is_number(c) => push_plain(&mut words, c),
            _ if words.is_empty() || words.ends_with(' ') => {}
            _ => words.push(' '),
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Signs inside Hausa and Yoruba names, in the forms that keyboards write; and letters for the
/// glottal stop.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{242}'
            | '\u{294}'
            | '\u{2b9}'
            | '\u{2bb}'..='\u{2bf}'
            | '\u{1ffd}'
            | '\u{2018}'..='\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{a78c}'
    )
}

/// Appends a lower-case Latin letter that does not decompose as people without it write: the hooked
/// letters of Hausa and Fulfulde, and those of other alphabets. Appends any other letter as it is.
fn push_plain(words: &mut String, c: char) {
    let plain = match c {
        'ⱥ' => 'a',
        'ƀ' | 'ɓ' => 'b',
        'ƈ' | 'ȼ' => 'c',
        'đ' | 'ð' | 'ɖ' | 'ɗ' => 'd',
        'ǝ' | 'ə' | 'ɛ' | 'ɇ' => 'e',
        'ƒ' => 'f',
        'ǥ' | 'ɠ' | 'ɣ' => 'g',
        'ħ' | 'ɦ' => 'h',
        'ı' | 'ɨ' | 'ɩ' => 'i',
        'ɉ' => 'j',
        'ĸ' | 'ƙ' => 'k',
        'ł' | 'ƚ' => 'l',
        'ŋ' | 'ɲ' => 'n',
        'ø' | 'ɔ' | 'ɵ' => 'o',
        'ƥ' => 'p',
        'ɋ' => 'q',
        'ɍ' => 'r',
        'ẜ' | 'ẝ' => 's',
        'ŧ' | 'ƭ' | 'ʈ' | 'ⱦ' => 't',
        'ʉ' | 'ʊ' => 'u',
        'ʋ' => 'v',
        'ƴ' | 'ɏ' => 'y',
        'ƶ' => 'z',
        'æ' => return words.push_str("ae"),
        'œ' => return words.push_str("oe"),
        'ß' => return words.push_str("ss"),
        'þ' => return words.push_str("th"),
        other => other,
    };
    words.push(plain);
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
            ("Sa´adatu", "saadatu"),
            ("İbrahim ıssa", "ibrahim issa"),
            ("Bjørn Æ Straße", "bjorn ae strasse"),
            ("ABU\u{200d} Ａdmin!", "abu admin"),
            ("★", ""),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn ascii_folds_as_any_other_text() {
        let ascii = String::from_iter('\0'..='\x7f');
        assert_eq!(folded(&ascii), folded(&format!("{ascii}\u{301}")));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any_text()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
