//! Words that guesses against accounts of this university begin with.

use crate::platform::text::folded;

const WORDS: [&str; 8] = [
    "abu",
    "zaria",
    "samaru",
    "kongo",
    "ahmadubello",
    "alumni",
    "arewa",
    "naija",
];

/// Whether the letters of the text spell local words alone, whatever digits and signs stand around.
pub(super) fn are_all_of(text: &str) -> bool {
    let mut letters = folded(text);
    letters.retain(char::is_alphabetic);
    !letters.is_empty() && is_chain(&letters)
}

/// Whether the letters are a chain of words: `reached[end]` holds for each end of one.
fn is_chain(letters: &str) -> bool {
    let mut reached = vec![false; letters.len() + 1];
    reached[0] = true;
    for start in 0..letters.len() {
        if !reached[start] {
            continue;
        }
        // Words are ASCII, so an end of one is a boundary of characters.
        for word in WORDS {
            if letters[start..].starts_with(word) {
                reached[start + word.len()] = true;
            }
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_words_with_years_digits_and_punctuation_are_recognized() {
        for text in [
            "abuzaria2010",
            "ABU-Zaria-1962!",
            "Samaru 2024",
            "kongo.kongo.123",
            "Ahmadu Bello 1962",
            "@@alumni@@2020",
            "Arewa#naija#1",
            "ábu ZÀRIA 99",
            "2010abu2010",
        ] {
            assert!(are_all_of(text), "{text}");
        }
    }

    #[test]
    fn any_other_word_beside_them_is_enough() {
        for text in [
            "1234567890",
            "samaru-campus-1",
            "abuja 2010",
            "harmattan over kongo hill",
            "bello 1962",
            "abuzari 2010",
            "",
        ] {
            assert!(!are_all_of(text), "{text}");
        }
    }
}
