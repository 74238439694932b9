//! Sizes of fixed sets, for accounts without verification.
//!
//! k-anonymity: only fixed sets, counted at night, in steps of five. So no two answers differ by one person.

use super::{Directory, DirectoryError};
use crate::{
    access::{Caller, require_active},
    alumni::ports::SetCount,
};
use abu_domain::alumni::reference::{Catalogue, Kind};
use chrono::{DateTime, Utc};

/// Smaller sets show no number.
const SMALLEST: u32 = 10;
const STEP: u32 = 5;

/// Sizes of sets, with the codes of what they are sets of.
#[derive(Clone, Debug, Default)]
pub struct Sets {
    /// When they were counted; `None` before the first night.
    pub counted_at: Option<DateTime<Utc>>,
    pub sets: Vec<CountedSet>,
}

/// A set with its size.
#[derive(Clone, Debug)]
pub struct CountedSet {
    pub count: SetCount,
    pub faculty: Option<String>,
    pub department: Option<String>,
}

impl Directory {
    /// The sizes of all fixed sets; takes an account.
    pub async fn counts(&self, caller: Caller) -> Result<Sets, DirectoryError> {
        let cache = self.catalogue.clone();
        self.searches
            .read(move |tx| {
                require_active(tx, &caller)?;
                let catalogue = cache.get(tx)?;
                let counts = tx.set_counts()?;
                Ok(Sets {
                    counted_at: counts.first().map(|count| count.counted_at),
                    sets: counts
                        .into_iter()
                        .map(|count| CountedSet {
                            faculty: code(&catalogue, Kind::Faculties, count.faculty),
                            department: code(&catalogue, Kind::Departments, count.department),
                            count,
                        })
                        .collect(),
                })
            })
            .await
    }
}

fn code(catalogue: &Catalogue, kind: Kind, number: i16) -> Option<String> {
    let entry = catalogue.list(kind).of_id(number.into())?;
    Some(entry.content.code.as_str().to_owned())
}

/// A size as it is shown: `<10`, or a multiple of five.
pub fn rounded(size: u32) -> String {
    match size {
        0..SMALLEST => format!("<{SMALLEST}"),
        _ => (size - size % STEP).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_show_no_number_and_others_a_multiple_of_five() {
        for (size, shown) in [
            (0, "<10"),
            (9, "<10"),
            (10, "10"),
            (14, "10"),
            (2_519, "2515"),
        ] {
            assert_eq!(rounded(size), shown);
        }
    }
}
