//! Symmetric deletes: words within a few edits of each other share one (the SymSpell algorithm, with prefixes).

use std::collections::BTreeSet;

use super::{Token, fold::first_chars};

/// How many first letters of a token its deletes are made of.
const PREFIX: usize = 7;
const SHORTEST: usize = 2;

/// The edits that a search forgives in the token: 0 below 3 letters, 1 below 6, else 2.
pub(super) fn forgiven_edits(token: Token<'_>) -> usize {
    match token.letters() {
        0..3 => 0,
        3..6 => 1,
        _ => 2,
    }
}

/// What the token's first 7 letters leave without up to two letters (one below 6 letters, none below 3): 29 texts at
/// most, sorted, each of 2 letters or more.
///
/// Two tokens of 3 letters or more at [`distance`](super::distance) 1 share a delete; so do two of 6 or more at
/// distance 2. A shared delete alone proves nothing.
pub fn deletes(token: Token<'_>) -> Vec<String> {
    let prefix = first_chars(token.as_str(), PREFIX);
    let mut all = BTreeSet::from([prefix.to_owned()]);
    let mut last = all.clone();
    for _ in 0..forgiven_edits(token) {
        last = last.iter().flat_map(|text| one_less(text)).collect();
        all.extend(last.iter().cloned());
    }
    all.retain(|text| text.chars().count() >= SHORTEST);
    all.into_iter().collect()
}

/// The text without each of its letters in turn.
fn one_less(text: &str) -> impl Iterator<Item = String> {
    text.char_indices()
        .map(|(at, letter)| [&text[..at], &text[at + letter.len_utf8()..]].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alumni::names::distance;

    fn deletes_of(token: &str) -> Vec<String> {
        deletes(Token::from_storage(token))
    }

    fn edits(one: &str, other: &str) -> Option<usize> {
        distance(Token::from_storage(one), Token::from_storage(other), 2)
    }

    fn share(one: &str, other: &str) -> bool {
        let others = deletes_of(other);
        deletes_of(one).iter().any(|delete| others.contains(delete))
    }

    #[test]
    fn longer_tokens_lose_more_letters() {
        assert_eq!(deletes_of("b"), [""; 0]);
        assert_eq!(deletes_of("bo"), ["bo"]);
        assert_eq!(deletes_of("ada"), ["aa", "ad", "ada", "da"]);
        assert_eq!(deletes_of("ọba"), ["ba", "ọa", "ọb", "ọba"]);
        assert_eq!(deletes_of("abcdef").len(), 1 + 6 + 15);
        assert_eq!(deletes_of("abcdefghij").len(), 1 + 7 + 21);
    }

    /// A text and what one or two random edits make of it.
    fn edited(
        letters: std::ops::Range<usize>,
        edits: usize,
    ) -> impl Strategy<Value = (String, String)> {
        let edit = (
            0..4,
            any::<prop::sample::Index>(),
            prop::char::range('a', 'd'),
        );
        let text = prop::collection::vec(prop::char::range('a', 'd'), letters);
        (text, prop::collection::vec(edit, edits)).prop_map(|(text, edits)| {
            let mut changed = text.clone();
            for (kind, at, letter) in edits {
                let at = at.index(changed.len());
                match kind {
                    0 => changed.insert(at, letter),
                    1 => changed[at] = letter,
                    2 if at > 0 => changed.swap(at - 1, at),
                    _ => _ = changed.remove(at),
                }
            }
            (String::from_iter(text), String::from_iter(changed))
        })
    }

    proptest! {
        #[test]
        fn tokens_one_edit_apart_share_a_delete((one, other) in edited(4..12, 1)) {
            prop_assert!(edits(&one, &other).unwrap() <= 1);
            prop_assert!(share(&one, &other));
        }

        #[test]
        fn tokens_two_edits_apart_share_a_delete((one, other) in edited(8..14, 2)) {
            if edits(&one, &other).is_some() {
                prop_assert!(share(&one, &other));
            }
        }
    }
}
