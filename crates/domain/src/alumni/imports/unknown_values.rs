//! Values that the reference data does not have, each once with its count.

use std::collections::HashMap;

use super::{CandidateRow, Field, Problem};

/// Distinct values that are counted on their own; the rest is counted together.
const MAX_DISTINCT: usize = 1000;

/// Counts unknown values, so that a mapping is mended once and not for each row.
#[derive(Clone, Debug, Default)]
pub struct UnknownValues {
    counts: HashMap<(Field, Problem, String), u64>,
    others: u64,
}

/// One unknown value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// The field that has it.
    pub field: Field,
    /// [`Problem::Unknown`] or [`Problem::Ambiguous`].
    pub problem: Problem,
    /// The value as the file has it, shortened to 80 characters.
    pub value: String,
    /// How many rows have it.
    pub rows: u64,
}

impl UnknownValues {
    /// Counts the unknown values of a row.
    pub fn add(&mut self, row: &CandidateRow) {
        for defect in &row.defects {
            let (Some(field), problem) = (defect.field(), defect.problem()) else {
                continue;
            };
            if !problem.is_unknown_value() {
                continue;
            }
            let key = (field, problem, defect.detail().to_owned());
            if let Some(count) = self.counts.get_mut(&key) {
                *count += 1;
            } else if self.counts.len() < MAX_DISTINCT {
                self.counts.insert(key, 1);
            } else {
                self.others += 1;
            }
        }
    }

    /// The values by field, the most frequent first.
    pub fn list(&self) -> Vec<UnknownValue> {
        let mut list: Vec<UnknownValue> = self
            .counts
            .iter()
            .map(|((field, problem, value), rows)| UnknownValue {
                field: *field,
                problem: *problem,
                value: value.clone(),
                rows: *rows,
            })
            .collect();
        list.sort_unstable_by(|a, b| (a.field, b.rows, &a.value).cmp(&(b.field, a.rows, &b.value)));
        list
    }

    /// How many values were counted together, once 1,000 distinct ones were known.
    pub fn others(&self) -> u64 {
        self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alumni::imports::Defect;

    fn row(field: Field, value: &str) -> CandidateRow {
        CandidateRow {
            defects: vec![
                Defect::unknown(field, Problem::Unknown, value),
                Defect::of_field(Field::Email, Problem::Invalid),
            ],
            ..CandidateRow::default()
        }
    }

    #[test]
    fn each_unknown_value_is_listed_once_with_its_rows() {
        let mut unknown = UnknownValues::default();
        for value in ["COMP SCI", "LAW", "COMP SCI"] {
            unknown.add(&row(Field::Department, value));
        }
        unknown.add(&row(Field::Degree, "BSC"));
        let list: Vec<(Field, String, u64)> = unknown
            .list()
            .into_iter()
            .map(|value| (value.field, value.value, value.rows))
            .collect();
        assert_eq!(
            list,
            [
                (Field::Department, "COMP SCI".to_owned(), 2),
                (Field::Department, "LAW".to_owned(), 1),
                (Field::Degree, "BSC".to_owned(), 1),
            ]
        );
    }

    #[test]
    fn distinct_values_beyond_a_thousand_are_counted_together() {
        let mut unknown = UnknownValues::default();
        for value in 0..1500 {
            unknown.add(&row(Field::Degree, &value.to_string()));
        }
        assert_eq!((unknown.list().len(), unknown.others()), (1000, 500));
    }
}
