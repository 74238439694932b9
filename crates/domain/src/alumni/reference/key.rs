//! The key by which texts of imports find entries.

use crate::platform::text::folded;

/// Words that people leave out, abbreviate or replace by a sign.
const FILLERS: [&str; 6] = ["and", "of", "in", "the", "for", "with"];
/// What stands before the name of a unit.
const UNITS: [&str; 4] = ["department", "dept", "faculty", "fac"];
/// How many characters of a text count; a [`Label`](super::Label) has fewer.
const MAX_CHARS: usize = 200;

/// What a text has in common with its spellings: letters and digits alone, without case, accents, blanks, punctuation,
/// fillers and a unit before the name. `Dept. of Chemical & Petroleum Engineering` and
/// `chemical and petroleum ENGINEERING` share a key, as do `B.Sc.` and `BSc`. Empty if nothing is left.
pub fn key(text: &str) -> String {
    let end = text.char_indices().nth(MAX_CHARS).map(|(end, _)| end);
    let folded = folded(&text[..end.unwrap_or(text.len())]);
    let words: Vec<&str> = folded.split(' ').collect();
    let named = match words.split_first() {
        Some((unit, name)) if UNITS.contains(unit) && !name.is_empty() => name,
        _ => &words[..],
    };
    let kept: String = named
        .iter()
        .copied()
        .filter(|word| !FILLERS.contains(word))
        .collect();
    match kept.is_empty() {
        true => words.concat(),
        false => kept,
    }
}
