//! Folding of names: letters alone, without case, accents and hooks.

use crate::platform::text::{folded, is_number};

/// How many characters of a text count, before and after folding. A person's three names have 302 at most.
const MAX_CHARS: usize = 400;

/// The words of the text as letters alone, with one space between them.
///
/// - Case, accents, hooks and apostrophes go: `Ṣọlá`, `SOLA` and `sola` fold alike, as do `Sa’adatu` and `saadatu`.
/// - Punctuation and symbols part words, digits vanish: `Birnin-Kudu` is two words.
/// - Letters of Latin alphabets become ASCII letters. Other scripts keep their letters.
/// - Only the first 400 characters count, so that the cost is bounded.
///
/// Folding is idempotent. The result is empty if the text has no letter.
pub fn fold(text: &str) -> String {
    let folded = folded(first_chars(text, MAX_CHARS));
    let letters = if folded
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b' ')
    {
        folded
    } else {
        without_numbers(&folded)
    };
    first_chars(&letters, MAX_CHARS).trim_end().to_owned()
}

fn without_numbers(words: &str) -> String {
    let mut letters = String::with_capacity(words.len());
    for c in words.chars().filter(|c| !is_number(*c)) {
        if c != ' ' || !letters.is_empty() && !letters.ends_with(' ') {
            letters.push(c);
        }
    }
    letters
}

/// The text's first characters, `count` at most.
pub(super) fn first_chars(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map(|(end, _)| end);
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
    use icu_properties::props::Script;
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::{any_text, every_character, is_letter, script};

    #[test]
    fn spellings_with_and_without_signs_fold_alike() {
        for (spellings, folded) in [
            (&["Ṣọlá", "SOLA", "S\u{323}o\u{323}la\u{301}"][..], "sola"),
            (&["Ɗan", "ɗan", "ĐAN", "dan"], "dan"),
            (&["Ƙaura", "Kaura"], "kaura"),
            (&["Ƴar'aduwa", "‘Yaraduwa"], "yaraduwa"),
            (&["Bjørn", "BJØRN", "bjorn"], "bjorn"),
            (&["Kəmaə", "Kǝmaǝ", "kemae"], "kemae"),
            (&["Ŋgozi", "Ngozi"], "ngozi"),
            (&["Straße", "STRASSE", "STRAẞE"], "strasse"),
            (&["Ægir", "aegir"], "aegir"),
            (&["İbrahim", "ıbrahım", "IBRAHIM"], "ibrahim"),
            (&["Nwaọma", "NWAỌMA", "nwaoma"], "nwaoma"),
            (&["Ｍｕｓａ", "Musa"], "musa"),
        ] {
            for spelling in spellings {
                assert_eq!(fold(spelling), folded, "{spelling}");
            }
        }
    }

    #[test]
    fn every_apostrophe_that_keyboards_write_vanishes() {
        for sign in "'’‘‛`´ʼʻʽʾʿʹ′＇ꞌ\u{1ffd}".chars() {
            assert_eq!(fold(&format!("Sa{sign}adatu")), "saadatu", "{sign:?}");
        }
    }

    #[test]
    fn punctuation_parts_words_and_digits_vanish() {
        for (text, folded) in [
            ("Birnin-Kudu", "birnin kudu"),
            ("  BELLO,  Musa. ", "bello musa"),
            ("A.B.Musa/Ali", "a b musa ali"),
            ("abdul\u{2011}rahman\u{a0}x", "abdul rahman x"),
            ("B3llo 2010 Musa", "bllo musa"),
            ("Musa 7", "musa"),
            ("=Musa", "musa"),
            ("2010", ""),
            ("👩\u{200d}🎓 \u{3164}\u{202e} —", ""),
            ("ʼ", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn the_first_400_characters_count() {
        assert_eq!(fold(&"a".repeat(100_000)).len(), MAX_CHARS);
        assert_eq!(fold(&"ﬃ".repeat(1000)).chars().count(), MAX_CHARS);
        assert_eq!(fold(&"-".repeat(100_000)), "");
    }

    #[test]
    fn letters_of_latin_alphabets_become_ascii() {
        let latin = ('À'..='ž').chain('Ḁ'..='ẞ').chain('Ạ'..='ỹ');
        let african = "ɓƁɗƊƙƘƴƳɖƉɛƐəƏǝƎɔƆŋŊɲƝɣƔƒƑʋƲɩƖɨƗʉɄʊƱɍɌħĦŧŦƭƬʈƮ".chars();
        for c in latin.chain(african).filter(|c| c.is_alphabetic()) {
            let folded = fold(&c.to_string());
            assert!(folded.is_ascii() && !folded.is_empty(), "{c} {folded}");
        }
    }

    #[test]
    fn each_character_folds_once_and_in_any_form() {
        let (nfc, nfd) = (
            ComposingNormalizerBorrowed::new_nfc(),
            DecomposingNormalizerBorrowed::new_nfd(),
        );
        for c in every_character() {
            let text = format!("a{c}b");
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded, "{c:?}");
            assert_eq!(fold(&nfc.normalize(&text)), folded, "{c:?}");
            assert_eq!(fold(&nfd.normalize(&text)), folded, "{c:?}");
            if script(c) == Script::Latin {
                assert_eq!(fold(&text.to_uppercase()), folded, "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn folding_is_idempotent(text in any_text()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_fold_has_letters_and_single_spaces_alone(text in any_text()) {
            let folded = fold(&text);
            prop_assert!(folded.chars().all(|c| c == ' ' || is_letter(c)));
            prop_assert!(folded.is_empty() || folded.split(' ').all(|word| !word.is_empty()));
        }
    }
}
