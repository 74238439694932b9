//! Duplicates: records of one class whose names are equal up to spelling.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    DegreeId, RecordId,
    alumni::names::{Lexicon, Token},
};

/// Readings of one name, at most: a token of several classes has one for each.
const MAX_READINGS: usize = 16;

/// A graduate of one department and year.
#[derive(Clone, Debug)]
pub struct Classmate {
    /// The record.
    pub record: RecordId,
    /// The distinct tokens of the name.
    pub tokens: Vec<String>,
    /// The degree.
    pub degree: DegreeId,
    /// The compared form of the matriculation number.
    pub matric: Option<String>,
}

impl Classmate {
    /// Two matriculation numbers for one degree are two people.
    fn can_be(&self, other: &Self) -> bool {
        let differs = match (&self.matric, &other.matric) {
            (Some(ours), Some(theirs)) => self.degree == other.degree && ours != theirs,
            _ => false,
        };
        self.record != other.record && !differs
    }
}

/// Pairs of classmates with equal names, where spellings of one name count as equal. The lower id comes first.
///
/// Many namesakes give a chain of neighbors, not every pair of them, so that the number of pairs is linear.
pub fn namesakes(class: &[Classmate], lexicon: &Lexicon) -> BTreeSet<(RecordId, RecordId)> {
    let mut groups: BTreeMap<String, Vec<&Classmate>> = BTreeMap::new();
    for classmate in class {
        for reading in readings(&classmate.tokens, lexicon) {
            groups.entry(reading).or_default().push(classmate);
        }
    }
    let mut pairs = BTreeSet::new();
    for mut group in groups.into_values() {
        group.sort_by_key(|classmate| classmate.record);
        for (at, one) in group.iter().enumerate() {
            // The next one who can be the same person, within a few, for many namesakes are many people.
            let mut others = group[at + 1..].iter().take(MAX_READINGS);
            if let Some(other) = others.find(|other| one.can_be(other)) {
                pairs.insert((one.record.min(other.record), one.record.max(other.record)));
            }
        }
    }
    pairs
}

/// What a name reads as, each spelling replaced by the usual ones of its classes.
fn readings(tokens: &[String], lexicon: &Lexicon) -> BTreeSet<String> {
    let mut readings: Vec<Vec<&str>> = vec![Vec::new()];
    for token in tokens {
        let usual = usual_spellings(token, lexicon);
        readings = readings
            .iter()
            .flat_map(|reading| {
                usual
                    .iter()
                    .map(move |usual| [&reading[..], &[*usual]].concat())
            })
            .take(MAX_READINGS)
            .collect();
    }
    readings
        .into_iter()
        .map(|mut reading| {
            reading.sort_unstable();
            reading.join(" ")
        })
        .collect()
}

fn usual_spellings<'a>(token: &'a str, lexicon: &'a Lexicon) -> Vec<&'a str> {
    let usual: Vec<&str> = lexicon
        .classes_of(Token::from_storage(token))
        .filter_map(|class| class.tokens().next())
        .map(Token::as_str)
        .collect();
    match usual.is_empty() {
        true => vec![token],
        false => usual,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn classmate(id: u128, name: &str, matric: Option<&str>) -> Classmate {
        Classmate {
            record: Uuid::from_u128(id).into(),
            tokens: name.split(' ').map(str::to_owned).collect(),
            degree: DegreeId::new(1),
            matric: matric.map(str::to_owned),
        }
    }

    fn pairs(class: &[Classmate]) -> Vec<(u128, u128)> {
        let lexicon =
            Lexicon::parse("muhammad mohammed mohamed\nkhadija hadiza\nhadiza hadeeza").unwrap();
        let pairs = namesakes(class, &lexicon);
        pairs
            .into_iter()
            .map(|(a, b)| (a.uuid().as_u128(), b.uuid().as_u128()))
            .collect()
    }

    #[test]
    fn spellings_of_one_name_pair_and_other_names_do_not() {
        let class = [
            classmate(1, "bello muhammad", None),
            classmate(2, "bello mohamed", Some("U1")),
            classmate(3, "bello musa", None),
            classmate(4, "bello mohammed sani", None),
        ];
        assert_eq!(pairs(&class), [(1, 2)]);
    }

    #[test]
    fn a_spelling_of_two_classes_pairs_with_both() {
        let class = [
            classmate(1, "bello khadija", None),
            classmate(2, "bello hadiza", None),
            classmate(3, "bello hadeeza", None),
        ];
        assert_eq!(pairs(&class), [(1, 2), (2, 3)]);
    }

    #[test]
    fn two_matriculation_numbers_are_two_people() {
        let class = [
            classmate(1, "bello musa", Some("U1")),
            classmate(2, "bello musa", Some("U2")),
            classmate(3, "bello musa", Some("U2")),
        ];
        assert_eq!(pairs(&class), [(2, 3)]);
        assert_eq!(pairs(&class[..2]), []);
    }

    #[test]
    fn many_namesakes_give_a_pair_each() {
        let class: Vec<_> = (1..=500)
            .map(|id| classmate(id, "bello musa", None))
            .collect();
        assert_eq!(pairs(&class).len(), 499);
    }
}
