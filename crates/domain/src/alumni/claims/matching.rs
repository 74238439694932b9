//! How well a record fits a claim: a weighted score that explains itself part by part.
//!
//! The score helps a reviewer; it decides nothing. The part of the names alone also tells whether the holder of a code is
//! the person it was made for ([`names_fit`]).

use std::fmt::Write;

use crate::{
    alumni::names::{Lexicon, Name, Token, distance, skeleton},
    named_enum,
};

/// A code verifies at once only if the part of the names has at least so many points.
pub const NAMES_FIT: f64 = 0.6;

/// Skeletons of fewer letters fit too many names.
const TELLING: usize = 3;
/// An unlisted spelling may be this far from the word, if it sounds alike.
const SOUNDS_ALIKE_WITHIN: usize = 3;
/// Tokens of a record that are paired: those of its name and of some previous ones.
const MAX_THEIRS: usize = 24;

named_enum! {
    /// What is compared.
    pub enum Part {
        /// The names.
        Names => "names",
        /// The matriculation number.
        Matric => "matric",
        /// The year of the award.
        Year => "year",
        /// The department or programme.
        Department => "department",
        /// The degree.
        Degree => "degree",
    }
}

impl Part {
    /// Its share of the score, where both sides have it.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Names => 0.45,
            Self::Matric => 0.25,
            Self::Year => 0.15,
            Self::Department => 0.10,
            Self::Degree => 0.05,
        }
    }
}

named_enum! {
    /// How a reviewer should read a score.
    pub enum Band {
        /// 0.85 or more.
        Strong => "strong",
        /// 0.6 or more.
        Possible => "possible",
        /// Less.
        Weak => "weak",
    }
}

/// A value of the reference data, with the group that makes others close to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouped {
    /// The id.
    pub id: i32,
    /// The faculty of a department; the level of a degree.
    pub group: Option<String>,
    /// How people know it.
    pub label: String,
}

/// What a claim says, or a record has, about one award.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Full names, each as one text. A claim has the name of the account and the one at graduation; of them the better
    /// one counts. A record has its name and the previous ones; all of them explain tokens.
    pub names: Vec<String>,
    /// The matriculation number in its normal form.
    pub matric: Option<String>,
    /// The year.
    pub year: Option<i16>,
    /// The department, or that of the programme.
    pub department: Option<Grouped>,
    /// The programme.
    pub programme: Option<Grouped>,
    /// The degree.
    pub degree: Option<Grouped>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What is compared.
    pub part: Part,
    /// Its share of the score; a part that one side lacks has none, and the others share it.
    pub weight: f64,
    /// From 0 to 1.
    pub points: f64,
    /// What the claim says.
    pub ours: Option<String>,
    /// What the record has.
    pub theirs: Option<String>,
    /// Why there are so many points.
    pub note: String,
}

/// How well a record fits a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// From 0 to 1, to four digits.
    pub total: f64,
    /// Its parts, in the order of their weights.
    pub parts: Vec<Compared>,
}

impl Score {
    /// Compares a claim with a record.
    pub fn of(claim: &Facts, record: &Facts, lexicon: &Lexicon) -> Self {
        let mut parts = vec![
            names(claim, record, lexicon),
            matric(claim, record),
            year(claim, record),
            department(claim, record),
            degree(claim, record),
        ];
        let weights: f64 = parts.iter().map(|part| part.weight).sum();
        // The names are never missing, so there is a weight to share.
        for part in &mut parts {
            part.weight = rounded(part.weight / weights);
            part.points = rounded(part.points);
        }
        let total: f64 = parts.iter().map(|part| part.weight * part.points).sum();
        Self {
            total: rounded(total.clamp(0.0, 1.0)),
            parts,
        }
    }

    /// How to read it.
    pub fn band(&self) -> Band {
        match self.total {
            total if total >= 0.85 => Band::Strong,
            total if total >= 0.6 => Band::Possible,
            _ => Band::Weak,
        }
    }
}

/// Whether the names of a claim are those of a record, so that a code verifies at once.
pub fn names_fit(claim: &Facts, record: &Facts, lexicon: &Lexicon) -> bool {
    names(claim, record, lexicon).points >= NAMES_FIT
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// How two tokens pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Equal,
    Variant,
    OneEdit,
    SoundsAlike,
    TwoEdits,
    Initial,
}

impl Likeness {
    fn points(self) -> f64 {
        match self {
            Self::Equal => 1.0,
            Self::Variant => 0.95,
            Self::OneEdit | Self::SoundsAlike => 0.8,
            Self::TwoEdits => 0.6,
            Self::Initial => 0.5,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Variant => "lexicon",
            Self::OneEdit => "1 edit",
            Self::SoundsAlike => "sounds alike",
            Self::TwoEdits => "2 edits",
            Self::Initial => "initial",
        }
    }

    fn of(one: Token<'_>, other: Token<'_>, lexicon: &Lexicon) -> Option<Self> {
        if one == other {
            return Some(Self::Equal);
        }
        if one.is_initial() || other.is_initial() {
            let first = |token: Token<'_>| token.as_str().chars().next();
            return (first(one) == first(other)).then_some(Self::Initial);
        }
        if lexicon.variants(one).contains(&other) {
            return Some(Self::Variant);
        }
        let edits = distance(one, other, SOUNDS_ALIKE_WITHIN)?;
        let letters = |token: Token<'_>| token.as_str().chars().count();
        match (edits, letters(one).min(letters(other))) {
            (1, 3..) => Some(Self::OneEdit),
            _ if sound_alike(one, other) => Some(Self::SoundsAlike),
            (2, 6..) => Some(Self::TwoEdits),
            _ => None,
        }
    }
}

fn sound_alike(one: Token<'_>, other: Token<'_>) -> bool {
    let key = skeleton(one);
    key.chars().count() >= TELLING && key == skeleton(other)
}

/// The best one-to-one pairing of the tokens of two names.
struct Pairing<'a> {
    points: f64,
    pairs: Vec<(Token<'a>, Option<(Token<'a>, Likeness)>)>,
}

impl<'a> Pairing<'a> {
    /// Assigns by dynamic programming over the sets of our tokens, of which there are 8 at most: `best[set]` is the most
    /// points of pairing exactly that set with the tokens of theirs so far.
    fn of(ours: &[Token<'a>], theirs: &[Token<'a>], lexicon: &Lexicon) -> Self {
        let theirs = &theirs[..theirs.len().min(MAX_THEIRS)];
        let sets = 1_usize << ours.len();
        let like: Vec<Vec<Option<Likeness>>> = theirs
            .iter()
            .map(|their| {
                let like = |our: &Token<'_>| Likeness::of(*our, *their, lexicon);
                ours.iter().map(like).collect()
            })
            .collect();
        let mut best = vec![None; sets];
        best[0] = Some(0.0);
        let mut taken: Vec<Vec<Option<usize>>> = Vec::with_capacity(theirs.len());
        for like in &like {
            let before = best.clone();
            let mut chosen = vec![None; sets];
            for (set, points) in before.iter().enumerate() {
                let Some(points) = points else { continue };
                for (our, likeness) in like.iter().enumerate() {
                    let with = set | 1 << our;
                    let Some(likeness) = likeness.filter(|_| with != set) else {
                        continue;
                    };
                    let sum = points + likeness.points();
                    if best[with].is_none_or(|known| known < sum) {
                        best[with] = Some(sum);
                        chosen[with] = Some(our);
                    }
                }
            }
            taken.push(chosen);
        }
        let mut set = 0;
        for (other, points) in best.iter().enumerate() {
            if points > &best[set] {
                set = other;
            }
        }
        let sum = best[set].unwrap_or_default();
        let mut pairs: Vec<_> = ours.iter().map(|our| (*our, None)).collect();
        for (number, chosen) in taken.iter().enumerate().rev() {
            if let Some(our) = chosen[set] {
                pairs[our].1 = like[number][our].map(|likeness| (theirs[number], likeness));
                set &= !(1 << our);
            }
        }
        Self {
            points: sum / ours.len().max(1) as f64,
            pairs,
        }
    }

    fn note(&self) -> String {
        let mut note = String::new();
        for (our, pair) in &self.pairs {
            if !note.is_empty() {
                note.push_str("; ");
            }
            let our = our.as_str();
            // Writing to a string does not fail.
            let _ = match pair {
                Some((_, Likeness::Equal)) => write!(note, "{our}"),
                Some((their, likeness)) => {
                    write!(note, "{our} = {} ({})", their.as_str(), likeness.reason())
                }
                None => write!(note, "{our}: not in the record"),
            };
        }
        note
    }
}

fn names(claim: &Facts, record: &Facts, lexicon: &Lexicon) -> Compared {
    let parsed = |names: &[String]| -> Vec<Name> {
        names
            .iter()
            .filter_map(|name| Name::parse(name).ok())
            .collect()
    };
    let (ours, theirs) = (parsed(&claim.names), parsed(&record.names));
    let mut known: Vec<Token<'_>> = Vec::new();
    for token in theirs.iter().flat_map(Name::tokens) {
        // A token of the present name may come twice; one of a previous name only adds what is new.
        if theirs
            .first()
            .is_some_and(|name| known.len() < name.tokens().count())
            || !known.contains(&token)
        {
            known.push(token);
        }
    }
    let pairings = ours.iter().map(|name| {
        let tokens: Vec<Token<'_>> = name.tokens().collect();
        Pairing::of(&tokens, &known, lexicon)
    });
    let best = pairings.reduce(|best, other| {
        if other.points > best.points {
            other
        } else {
            best
        }
    });
    Compared {
        part: Part::Names,
        weight: Part::Names.weight(),
        points: best.as_ref().map_or(0.0, |best| best.points),
        ours: listed(&claim.names),
        theirs: listed(&record.names),
        note: best.map_or_else(|| "no name to compare".to_owned(), |best| best.note()),
    }
}

fn listed(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(" / "))
}

/// A part with its full weight where both sides have the value, else with none.
fn compared<T>(
    part: Part,
    (ours, theirs): (Option<T>, Option<T>),
    text: impl Fn(&T) -> String,
    points: impl FnOnce(&T, &T) -> (f64, &'static str),
) -> Compared {
    let (points, weight, note) = match (&ours, &theirs) {
        (Some(ours), Some(theirs)) => {
            let (points, note) = points(ours, theirs);
            (points, part.weight(), note)
        }
        (None, _) => (0.0, 0.0, "not claimed"),
        (_, None) => (0.0, 0.0, "not in the record"),
    };
    Compared {
        part,
        weight,
        points,
        ours: ours.as_ref().map(&text),
        theirs: theirs.as_ref().map(&text),
        note: note.to_owned(),
    }
}

fn matric(claim: &Facts, record: &Facts) -> Compared {
    let sides = (claim.matric.as_deref(), record.matric.as_deref());
    compared(
        Part::Matric,
        sides,
        |number| (*number).to_owned(),
        |ours, theirs| {
            let edits = distance(Token::from_storage(ours), Token::from_storage(theirs), 1);
            match edits {
                _ if ours == theirs => (1.0, "equal"),
                Some(_) => (0.5, "1 edit"),
                None => (0.0, "differs"),
            }
        },
    )
}

fn year(claim: &Facts, record: &Facts) -> Compared {
    let sides = (claim.year, record.year);
    compared(
        Part::Year,
        sides,
        i16::to_string,
        |ours, theirs| match ours.abs_diff(*theirs) {
            0 => (1.0, "equal"),
            1 => (0.6, "1 year apart"),
            2 => (0.2, "2 years apart"),
            _ => (0.0, "differs"),
        },
    )
}

fn department(claim: &Facts, record: &Facts) -> Compared {
    // A programme is compared where both sides have one, and counts as much as its department.
    let same_programme = match (&claim.programme, &record.programme) {
        (Some(ours), Some(theirs)) => ours.id == theirs.id,
        _ => false,
    };
    if same_programme {
        let sides = (claim.programme.as_ref(), record.programme.as_ref());
        return compared(Part::Department, sides, label, |_, _| (1.0, "equal"));
    }
    let sides = (claim.department.as_ref(), record.department.as_ref());
    compared(Part::Department, sides, label, |ours, theirs| {
        close(ours, theirs, 0.4, "same faculty")
    })
}

fn degree(claim: &Facts, record: &Facts) -> Compared {
    let sides = (claim.degree.as_ref(), record.degree.as_ref());
    compared(Part::Degree, sides, label, |ours, theirs| {
        close(ours, theirs, 0.5, "same level")
    })
}

fn label(value: &&Grouped) -> String {
    value.label.clone()
}

fn close(ours: &Grouped, theirs: &Grouped, points: f64, note: &'static str) -> (f64, &'static str) {
    if ours.id == theirs.id {
        (1.0, "equal")
    } else if ours.group.is_some() && ours.group == theirs.group {
        (points, note)
    } else {
        (0.0, "differs")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(names: &[&str]) -> Facts {
        Facts {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..Facts::default()
        }
    }

    fn points(ours: &[&str], theirs: &[&str]) -> f64 {
        let lexicon = Lexicon::parse("muhammad mohammed muhammadu\nkhadija hadiza").unwrap();
        let part = names(&named(ours), &named(theirs), &lexicon);
        (part.points * 1000.0).round() / 1000.0
    }

    fn grouped(id: i32, group: i32) -> Option<Grouped> {
        Some(Grouped {
            id,
            group: Some(format!("group {group}")),
            label: format!("number {id}"),
        })
    }

    fn full() -> Facts {
        Facts {
            names: vec!["Bello Fatima Musa".to_owned()],
            matric: Some("U15CS1070".to_owned()),
            year: Some(2019),
            department: grouped(3, 1),
            programme: None,
            degree: grouped(2, 1),
        }
    }

    #[test]
    fn names_pair_in_any_order_and_spelling() {
        for (ours, theirs, expected) in [
            ("Fatima Bello", "BELLO, Fatima", 1.0),
            // A missing middle name costs nothing, one too many its share.
            ("Fatima Bello", "Bello Fatima Musa", 1.0),
            ("Fatima Musa Bello", "Bello Fatima", 0.667),
            ("Mohammed Bello", "Bello Muhammadu", 0.975),
            ("Fatimah Bello", "Bello Fatima", 0.9),
            ("Ibraheem Bello", "Bello Ibrahim", 0.9),
            ("F. Bello", "Bello Fatima", 0.75),
            ("Chukwuemeka Obi", "Obi Chukwumeca", 0.8),
            ("Musa Musa", "Musa Bello", 0.5),
            ("Ada Eze", "Bello Fatima", 0.0),
            // Two letters are too few for an edit.
            ("Bo Obi", "Ba Obi", 0.5),
        ] {
            assert_eq!(points(&[ours], &[theirs]), expected, "{ours} / {theirs}");
        }
    }

    #[test]
    fn the_better_of_our_names_counts_and_previous_names_explain() {
        assert_eq!(
            points(&["Fatima Sani", "Fatima Bello"], &["Bello Fatima"]),
            1.0
        );
        assert_eq!(
            points(&["Fatima Sani"], &["Bello Fatima", "Sani Fatima"]),
            1.0
        );
        assert_eq!(
            points(&["Fatima Fatima"], &["Bello Fatima", "Sani Fatima"]),
            0.5
        );
        assert_eq!(points(&[], &["Bello Fatima"]), 0.0);
        assert_eq!(points(&["…"], &["Bello Fatima"]), 0.0);
    }

    #[test]
    fn the_pairing_is_the_best_one_and_not_the_first() {
        // Greedy pairing of `hadiza` with `hadiza` first is right here, and of the initial not.
        assert_eq!(points(&["H Hadiza"], &["Hadiza Halima"]), 0.75);
        assert_eq!(points(&["Hadiza H"], &["Halima Hadiza"]), 0.75);
        assert_eq!(points(&["Khadija Hadiza"], &["Hadiza Khadija"]), 1.0);
    }

    #[test]
    fn the_note_says_which_name_is_which() {
        let lexicon = Lexicon::parse("muhammad mohammed").unwrap();
        let part = names(
            &named(&["Mohammed A. Sani"]),
            &named(&["Muhammad Aliyu"]),
            &lexicon,
        );
        assert_eq!(
            part.note,
            "mohammed = muhammad (lexicon); a = aliyu (initial); sani: not in the record"
        );
    }

    #[test]
    fn equal_facts_score_one_and_each_part_costs_its_weight() {
        let lexicon = Lexicon::default();
        let total = |change: fn(&mut Facts)| {
            let mut claim = full();
            change(&mut claim);
            Score::of(&claim, &full(), &lexicon).total
        };
        assert_eq!(total(|_| {}), 1.0);
        assert_eq!(
            total(|claim| claim.matric = Some("U15CS1071".to_owned())),
            0.875
        );
        assert_eq!(
            total(|claim| claim.matric = Some("U99XX0000".to_owned())),
            0.75
        );
        assert_eq!(total(|claim| claim.year = Some(2020)), 0.94);
        assert_eq!(total(|claim| claim.year = Some(2017)), 0.88);
        assert_eq!(total(|claim| claim.department = grouped(4, 1)), 0.94);
        assert_eq!(total(|claim| claim.department = grouped(9, 2)), 0.9);
        assert_eq!(total(|claim| claim.degree = grouped(5, 1)), 0.975);
        assert_eq!(
            total(|claim| claim.names = vec!["Ada Eze".to_owned()]),
            0.55
        );
    }

    #[test]
    fn a_part_that_one_side_lacks_is_shared_by_the_others() {
        let lexicon = Lexicon::default();
        let mut claim = full();
        claim.matric = None;
        let score = Score::of(&claim, &full(), &lexicon);
        assert_eq!(score.total, 1.0);
        assert_eq!(score.band(), Band::Strong);
        assert_eq!(score.parts[1].weight, 0.0);
        assert_eq!(score.parts[1].note, "not claimed");
        assert_eq!(score.parts[0].weight, 0.6);
        claim.year = Some(1990);
        assert_eq!(Score::of(&claim, &full(), &lexicon).total, 0.8);
    }

    #[test]
    fn the_same_programme_counts_as_the_same_department() {
        let (mut claim, mut record) = (full(), full());
        claim.department = None;
        (claim.programme, record.programme) = (grouped(70, 3), grouped(70, 3));
        let score = Score::of(&claim, &record, &Lexicon::default());
        assert_eq!(score.total, 1.0);
        assert_eq!(score.parts[3].ours.as_deref(), Some("number 70"));
    }

    fn name() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "musa", "moussa", "fatima", "fatimah", "bello", "bell", "m", "f", "abubakar",
            "abubaker", "aisha",
        ]);
        prop::collection::vec(token, 1..5).prop_map(|tokens| tokens.join(" "))
    }

    /// The best pairing by trying all.
    fn by_trying(ours: &[Token<'_>], theirs: &mut Vec<Token<'_>>, lexicon: &Lexicon) -> f64 {
        let Some((first, rest)) = ours.split_first() else {
            return 0.0;
        };
        let mut best = by_trying(rest, theirs, lexicon);
        for place in 0..theirs.len() {
            if let Some(likeness) = Likeness::of(*first, theirs[place], lexicon) {
                let taken = theirs.remove(place);
                best = best.max(likeness.points() + by_trying(rest, theirs, lexicon));
                theirs.insert(place, taken);
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_pairing_is_the_best_of_all(ours in name(), theirs in name()) {
            let lexicon = Lexicon::parse("musa moussa").unwrap();
            let (our, their) = (Name::parse(&ours).unwrap(), Name::parse(&theirs).unwrap());
            let our: Vec<Token<'_>> = our.tokens().collect();
            let mut their: Vec<Token<'_>> = their.tokens().collect();
            let pairing = Pairing::of(&our, &their, &lexicon);
            let best = by_trying(&our, &mut their, &lexicon) / our.len() as f64;
            prop_assert!((pairing.points - best).abs() < 1e-9);
            // What it shows adds up to what it counts.
            let shown: f64 = pairing.pairs.iter().filter_map(|(_, pair)| *pair)
                .map(|(_, likeness)| likeness.points()).sum();
            prop_assert!((shown / our.len() as f64 - best).abs() < 1e-9);
        }

        #[test]
        fn a_score_lies_between_nothing_and_one(ours in name(), theirs in name(), year in 1960_i16..2030) {
            let claim = Facts { names: vec![ours], year: Some(year), ..full() };
            let record = Facts { names: vec![theirs], ..full() };
            let score = Score::of(&claim, &record, Lexicon::built_in());
            prop_assert!((0.0..=1.0).contains(&score.total));
            let weights: f64 = score.parts.iter().map(|part| part.weight).sum();
            prop_assert!((weights - 1.0).abs() < 1e-3);
        }
    }
}
