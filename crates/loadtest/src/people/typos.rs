//! Errors that people make in names. None of them is what the search was tuned on: it forgives random edits.

use std::collections::HashMap;

use super::pick::Picks;

/// Spellings of one name a line, as the server knows them.
const SPELLINGS: &str = include_str!("../../../domain/data/name-variants.txt");

/// Letters that stand beside each other on a keyboard.
const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// Pairs of letters that sound alike.
const ALIKE: [(&str, &str); 12] = [
    ("ph", "f"),
    ("k", "c"),
    ("s", "z"),
    ("i", "e"),
    ("u", "o"),
    ("th", "t"),
    ("kh", "k"),
    ("y", "i"),
    ("w", "u"),
    ("b", "p"),
    ("d", "t"),
    ("j", "g"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typo {
    Dropped,
    Doubled,
    Swapped,
    Neighbor,
    SoundAlike,
}

impl Typo {
    pub(crate) const ALL: [Self; 5] = [
        Self::Dropped,
        Self::Doubled,
        Self::Swapped,
        Self::Neighbor,
        Self::SoundAlike,
    ];

    /// The word with this error somewhere; `None` if it has no place for it.
    pub(crate) fn make(self, word: &str, picks: &mut Picks) -> Option<String> {
        let mut letters: Vec<u8> = word.bytes().collect();
        if letters.len() < 4 || !word.is_ascii() {
            return None;
        }
        let place = picks.below(letters.len());
        match self {
            Self::Dropped => drop(letters.remove(place)),
            Self::Doubled => letters.insert(place, letters[place]),
            Self::Swapped => {
                let place = place.min(letters.len() - 2);
                letters.swap(place, place + 1);
            }
            Self::Neighbor => letters[place] = beside(letters[place], picks)?,
            Self::SoundAlike => return sounding_alike(word, picks),
        }
        let misspelt = String::from_utf8(letters).ok()?;
        (misspelt != word).then_some(misspelt)
    }
}

fn beside(letter: u8, picks: &mut Picks) -> Option<u8> {
    let row = ROWS.iter().find(|row| row.contains(&letter))?;
    let place = row.iter().position(|other| *other == letter)?;
    let neighbors = [place.checked_sub(1), Some(place + 1)];
    let neighbors: Vec<u8> = neighbors
        .into_iter()
        .flatten()
        .filter_map(|place| row.get(place).copied())
        .collect();
    Some(*picks.of(&neighbors))
}

fn sounding_alike(word: &str, picks: &mut Picks) -> Option<String> {
    let both = ALIKE
        .iter()
        .flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
    let possible: Vec<(&str, &str)> = both.filter(|(from, _)| word.contains(from)).collect();
    if possible.is_empty() {
        return None;
    }
    let (from, to) = *picks.of(&possible);
    let places: Vec<usize> = word.match_indices(from).map(|(place, _)| place).collect();
    let place = *picks.of(&places);
    Some(format!(
        "{}{to}{}",
        &word[..place],
        &word[place + from.len()..]
    ))
}

/// Spellings of one name.
pub(crate) struct Spellings(HashMap<&'static str, Vec<&'static str>>);

impl Spellings {
    pub(crate) fn known() -> Self {
        let mut of = HashMap::<&str, Vec<&str>>::new();
        let lines = SPELLINGS.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let class: Vec<&str> = line.split_whitespace().collect();
            for spelling in &class {
                let others = class.iter().filter(|other| *other != spelling);
                of.entry(*spelling).or_default().extend(others.copied());
            }
        }
        Self(of)
    }

    /// Another spelling of the name.
    pub(crate) fn variant(&self, name: &str, picks: &mut Picks) -> Option<String> {
        let others = self.0.get(name)?;
        Some((*picks.of(others)).to_owned())
    }

    /// Whether two names are one up to spelling and order.
    pub(crate) fn are_namesakes(&self, one: &[String], other: &[String]) -> bool {
        let is_same =
            |a: &str, b: &str| a == b || self.0.get(a).is_some_and(|others| others.contains(&b));
        let all_in = |some: &[String], all: &[String]| {
            some.iter()
                .all(|name| all.iter().any(|known| is_same(name, known)))
        };
        one.len() == other.len() && all_in(one, other) && all_in(other, one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_changes_a_word_a_little() {
        let mut picks = Picks::new(7);
        for typo in Typo::ALL {
            for _ in 0..200 {
                let Some(misspelt) = typo.make("khadija", &mut picks) else {
                    continue;
                };
                assert_ne!(misspelt, "khadija", "{typo:?}");
                assert!(misspelt.len().abs_diff(7) <= 1, "{typo:?}: {misspelt}");
            }
        }
        assert_eq!(Typo::Dropped.make("eze", &mut picks), None);
    }

    #[test]
    fn namesakes_differ_in_order_and_spelling_alone() {
        let spellings = Spellings::known();
        let names = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let is = |one: &str, other: &str| spellings.are_namesakes(&names(one), &names(other));
        assert!(is("muhammad abubakar", "abubakar mohammed"));
        assert!(!is("muhammad abubakar", "muhammad sani"));
        assert!(!is("muhammad abubakar", "muhammad abubakar sani"));
    }
}
