//! Matriculation numbers. The form `U15CS1070` is public; the older one here is made up.

use std::collections::HashSet;

use crate::{
    draw::Draw,
    graduates::BLOCK,
    studies::{Department, Level, Study},
};

/// From this year of matriculation on, numbers have letters.
const LETTERED: i16 = 1999;
/// The numbers that a block may take of one series, so that blocks share none.
const OF_A_BLOCK: u64 = 100;
const OF_A_BLOCK_THEN: u64 = 200;
/// After the regular numbers of every block.
const BEYOND: u64 = 10_000_000;

/// Two letters for each department, each its own.
pub(crate) struct Letters(Vec<String>);

impl Letters {
    pub(crate) fn new(departments: &[Department]) -> Self {
        let mut taken = HashSet::new();
        let letters = departments.iter().map(|department| {
            let mut free = proposals(&department.code).filter(|two| !taken.contains(two));
            let two = free
                .next()
                .unwrap_or_else(|| department.code.to_uppercase());
            taken.insert(two.clone());
            two
        });
        Self(letters.collect())
    }
}

/// The initials of the first two words, then the first letter with each later one, then all pairs.
fn proposals(code: &str) -> impl Iterator<Item = String> {
    let upper: Vec<char> = code.to_ascii_uppercase().chars().collect();
    let initials: String = upper
        .split(|letter| !letter.is_ascii_alphabetic())
        .filter_map(|word| word.first())
        .take(2)
        .collect();
    let letters: Vec<char> = upper
        .into_iter()
        .filter(char::is_ascii_alphabetic)
        .collect();
    let first = letters.first().copied();
    let later = letters.into_iter().skip(1);
    let with_first = later.filter_map(move |second| Some([first?, second].iter().collect()));
    let all = ('A'..='Z').flat_map(|one| ('A'..='Z').map(move |two| [one, two].iter().collect()));
    [initials]
        .into_iter()
        .filter(|two| two.len() == 2)
        .chain(with_first)
        .chain(all)
}

/// The series of one block: a counter for each year, department and level.
pub(crate) struct Series<'a> {
    letters: &'a Letters,
    block: u64,
    used: Vec<u64>,
    used_then: Vec<u64>,
}

/// Years of matriculation count from here.
const EPOCH: i16 = 1950;
const SPAN: usize = 80;

impl<'a> Series<'a> {
    pub(crate) fn new(letters: &'a Letters, block: u64) -> Self {
        Self {
            letters,
            block,
            used: vec![0; letters.0.len() * 2 * SPAN],
            used_then: vec![0; SPAN],
        }
    }

    /// The person's number, if the register has it: the older the award, the more are missing.
    pub(crate) fn next(&mut self, study: &Study<'_>, draw: &mut Draw) -> Option<String> {
        let missing = match study.year {
            ..1980 => 35,
            1980..1995 => 15,
            _ => 4,
        };
        let (is_missing, has_slashes) = (draw.percent(missing), draw.percent(3));
        let entry = study.year - i16::from(study.course.years);
        let year = entry.rem_euclid(100);
        let since = (entry - EPOCH).clamp(0, SPAN as i16 - 1) as usize;
        let number = if entry < LETTERED {
            let serial = next_of(&mut self.used_then[since], self.block, OF_A_BLOCK_THEN);
            format!("{serial:05}/{year:02}")
        } else {
            let is_first = study.course.level == Level::First;
            let series = (study.department_at * 2 + usize::from(is_first)) * SPAN + since;
            let serial = next_of(&mut self.used[series], self.block, OF_A_BLOCK);
            let letters = &self.letters.0[study.department_at];
            let kind = if is_first { 'U' } else { 'P' };
            let slash = if has_slashes { "/" } else { "" };
            format!("{kind}{year:02}{slash}{letters}{slash}{serial:04}")
        };
        (!is_missing).then_some(number)
    }
}

/// A number that no other block takes in this series.
fn next_of(used: &mut u64, block: u64, share: u64) -> u64 {
    let serial = match *used < share {
        true => block * share + *used,
        false => BEYOND + block * BLOCK as u64 + *used,
    };
    *used += 1;
    serial + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(codes: &[&str]) -> Vec<String> {
        let departments: Vec<_> = codes
            .iter()
            .map(|code| Department {
                code: (*code).to_owned(),
                courses: Vec::new(),
            })
            .collect();
        Letters::new(&departments).0
    }

    #[test]
    fn each_department_has_two_letters_of_its_own() {
        let codes = ["computer-science", "cs", "crop-science", "x", "law"];
        assert_eq!(letters(&codes), ["CS", "AA", "CR", "AB", "LA"]);
    }

    #[test]
    fn blocks_share_no_number_even_when_a_series_overflows() {
        let mut seen = HashSet::new();
        for block in 0..3 {
            let mut used = 0;
            for _ in 0..BLOCK {
                assert!(seen.insert(next_of(&mut used, block, OF_A_BLOCK)));
            }
        }
    }
}
