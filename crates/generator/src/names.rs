//! Names of people, by group.

use abu_domain::alumni::names::{Lexicon, Name};

use crate::{
    clerical::typed,
    draw::{Draw, Weights},
    vocabulary as words,
};

/// Of the spellings of a class.
const SPELLINGS: f64 = 1.1;

/// A name as the register has it.
pub(crate) struct FullName {
    pub(crate) surname: String,
    pub(crate) given: String,
    pub(crate) middle: Option<String>,
}

/// One name in its spellings.
struct Word {
    spellings: Vec<String>,
    weights: Weights,
}

impl Word {
    /// With the spellings of the first class that the word leads.
    fn new(word: String) -> Self {
        let key = Name::parse(&word).map(|name| name.key().to_owned());
        let classes = Lexicon::built_in().classes().iter();
        let class = classes
            .map(|class| class.tokens().map(|token| token.as_str().to_owned()))
            .map(Iterator::collect::<Vec<_>>)
            .find(|class| key.as_ref().is_ok_and(|key| class.first() == Some(key)));
        let others = class.unwrap_or_default().into_iter().skip(1);
        let spellings: Vec<String> = [word].into_iter().chain(others).collect();
        Self {
            weights: Weights::zipf(spellings.len(), SPELLINGS),
            spellings,
        }
    }
}

/// Names that one place of a person's name takes, by Zipf.
struct List {
    words: Vec<Word>,
    weights: Weights,
}

impl List {
    fn new(words: impl IntoIterator<Item = String>, exponent: f64) -> Self {
        let words: Vec<Word> = words.into_iter().map(Word::new).collect();
        Self {
            weights: Weights::zipf(words.len(), exponent),
            words,
        }
    }

    fn of(text: &str, exponent: f64) -> Self {
        Self::new(text.split_whitespace().map(str::to_owned), exponent)
    }

    /// The frequent names, then all compositions of two morphemes in a fixed mixture.
    fn composed(frequent: &str, first: &str, last: &str, exponent: f64) -> Self {
        let first: Vec<&str> = first.split_whitespace().collect();
        let last: Vec<&str> = last.split_whitespace().collect();
        let mut words: Vec<String> = frequent.split_whitespace().map(str::to_owned).collect();
        let compositions = first.len() * last.len();
        let stride = coprime(compositions);
        for at in (0..compositions).map(|step| step * stride % compositions) {
            let word = [first[at % first.len()], last[at / first.len()]].concat();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Self::new(words, exponent)
    }

    fn draw(&self, draw: &mut Draw) -> String {
        let word = &self.words[self.weights.draw(draw)];
        let spelling = &word.spellings[word.weights.draw(draw)];
        written(&typed(spelling, draw))
    }
}

/// A step that visits every one of `count` places, near the golden section so that neighbors are far apart.
fn coprime(count: usize) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let golden = count * 618 / 1_000;
    (golden..).find(|&step| gcd(step, count) == 1).unwrap_or(1)
}

/// With capital letters at the beginning and after hyphens; none after an apostrophe.
fn written(word: &str) -> String {
    let mut capital = true;
    let letters = word.chars().map(|letter| {
        let shown = match capital {
            true => letter.to_ascii_uppercase(),
            false => letter,
        };
        capital = letter == '-';
        shown
    });
    letters.collect()
}

/// Names that differ between men and women.
struct Given {
    men: List,
    women: List,
}

impl Given {
    fn draw(&self, woman: bool, draw: &mut Draw) -> String {
        match woman {
            true => self.women.draw(draw),
            false => self.men.draw(draw),
        }
    }
}

#[derive(Clone, Copy)]
enum Group {
    Hausa,
    MiddleBelt,
    Yoruba,
    Igbo,
    Tiv,
    Kanuri,
}

/// In percent.
const GROUPS: [(Group, u64); 6] = [
    (Group::Hausa, 46),
    (Group::MiddleBelt, 21),
    (Group::Yoruba, 14),
    (Group::Igbo, 8),
    (Group::Tiv, 6),
    (Group::Kanuri, 5),
];

pub(crate) struct Names {
    groups: Weights,
    muslim: Given,
    english: Given,
    northern_places: List,
    kanuri: Given,
    yoruba: List,
    yoruba_surnames: List,
    igbo: List,
    igbo_surnames: List,
    tiv: List,
    middle_belt: List,
}

impl Names {
    #[rustfmt::skip]
    pub(crate) fn new() -> Self {
        Self {
            groups: Weights::new(GROUPS.map(|(_, share)| share)),
            muslim: Given {
                men: List::of(words::MUSLIM_MEN, 0.95),
                women: List::of(words::MUSLIM_WOMEN, 0.95),
            },
            english: Given {
                men: List::of(words::ENGLISH_MEN, 0.8),
                women: List::of(words::ENGLISH_WOMEN, 0.8),
            },
            northern_places: List::of(words::NORTHERN_PLACES, 0.6),
            kanuri: Given {
                men: List::of(words::KANURI_MEN, 0.7),
                women: List::of(words::KANURI_WOMEN, 0.7),
            },
            yoruba: List::composed(words::YORUBA, words::YORUBA_FIRST, words::YORUBA_LAST, 0.75),
            yoruba_surnames: List::composed(
                words::YORUBA_SURNAMES, words::YORUBA_SURNAME_FIRST, words::YORUBA_SURNAME_LAST, 0.6,
            ),
            igbo: List::composed(words::IGBO, words::IGBO_FIRST, words::IGBO_LAST, 0.75),
            igbo_surnames: List::of(words::IGBO_SURNAMES, 0.6),
            tiv: List::composed(words::TIV, words::TIV_FIRST, words::TIV_LAST, 0.6),
            middle_belt: List::of(words::MIDDLE_BELT, 0.6),
        }
    }

    pub(crate) fn draw(&self, woman: bool, draw: &mut Draw) -> FullName {
        let (group, _) = GROUPS[self.groups.draw(draw)];
        // A third name of a share of people.
        let third =
            |percent, list: &List, draw: &mut Draw| draw.percent(percent).then(|| list.draw(draw));
        let (surname, given, middle) = match group {
            Group::Hausa => (
                match draw.percent(25) {
                    true => self.northern_places.draw(draw),
                    false => self.muslim.men.draw(draw),
                },
                self.muslim.draw(woman, draw),
                // The father's.
                third(55, &self.muslim.men, draw),
            ),
            Group::Kanuri => (
                self.kanuri.men.draw(draw),
                match woman && draw.percent(50) {
                    true => self.kanuri.women.draw(draw),
                    false => self.muslim.draw(woman, draw),
                },
                third(30, &self.kanuri.men, draw),
            ),
            Group::Yoruba => (
                self.yoruba_surnames.draw(draw),
                match draw.below(100) {
                    0..35 => self.muslim.draw(woman, draw),
                    35..60 => self.english.draw(woman, draw),
                    _ => self.yoruba.draw(draw),
                },
                third(60, &self.yoruba, draw),
            ),
            Group::Igbo => (
                self.igbo_surnames.draw(draw),
                match draw.percent(50) {
                    true => self.igbo.draw(draw),
                    false => self.english.draw(woman, draw),
                },
                third(45, &self.igbo, draw),
            ),
            Group::Tiv => (
                self.tiv.draw(draw),
                match draw.percent(60) {
                    true => self.english.draw(woman, draw),
                    false => self.tiv.draw(draw),
                },
                third(40, &self.tiv, draw),
            ),
            Group::MiddleBelt => (
                self.middle_belt.draw(draw),
                match draw.percent(70) {
                    true => self.english.draw(woman, draw),
                    false => self.muslim.draw(woman, draw),
                },
                draw.percent(40).then(|| self.english.draw(woman, draw)),
            ),
        };
        FullName {
            surname,
            given,
            middle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_the_spellings_of_the_class_it_leads() {
        let word = Word::new("sa'adatu".to_owned());
        assert_eq!(word.spellings, ["sa'adatu", "saadat", "sadatu", "saadata"]);
        assert_eq!(Word::new("birnin-kudu".to_owned()).spellings.len(), 1);
    }

    #[test]
    fn names_are_written_with_capitals_that_apostrophes_do_not_begin() {
        assert_eq!(written("sa'adatu"), "Sa'adatu");
        assert_eq!(written("birnin-kudu"), "Birnin-Kudu");
    }

    #[test]
    fn compositions_are_complete_and_each_there_once() {
        let list = List::composed("adewale", "ade olu", "wale seun", 1.0);
        let mut words: Vec<_> = list.words.iter().map(|word| &word.spellings[0]).collect();
        assert_eq!(words[0], "adewale");
        words.sort();
        assert_eq!(words, ["adeseun", "adewale", "oluseun", "oluwale"]);
    }
}
