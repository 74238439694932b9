//! Collected violations of the domain's rules.

use std::collections::{BTreeMap, BTreeSet};

use abu_domain::Violation;
use serde::de::DeserializeOwned;

use super::{
    FieldError,
    error::{Step, UNKNOWN},
};
use crate::problem::Problem;

const MAX_ERRORS: usize = 50;

/// How many values of one query parameter a request names at most.
const MAX_VALUES: usize = 20;

pub(super) const REQUIRED: Violation = Violation {
    code: "required",
    rule: "is required",
};

/// Fields as a request has them, which the domain parses to a draft.
pub(crate) trait IntoDraft: DeserializeOwned + 'static {
    type Draft;

    /// Parses all fields. Without a draft there are violations; with violations, the draft is void.
    fn into_draft(self, violations: &mut Violations) -> Option<Self::Draft>;
}

/// The violations of a request's fields, in the order of the fields.
pub(crate) struct Violations {
    errors: Vec<FieldError>,
    is_query: bool,
    repeated: BTreeMap<String, Vec<String>>,
}

impl Violations {
    pub(crate) fn in_body() -> Self {
        Self {
            errors: Vec::new(),
            is_query: false,
            repeated: BTreeMap::new(),
        }
    }

    /// `repeated` holds all values but the first of each parameter that comes more than once.
    pub(super) fn in_query(repeated: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            errors: Vec::new(),
            is_query: true,
            repeated,
        }
    }

    pub(crate) fn check<T>(
        &mut self,
        name: &'static str,
        parsed: Result<T, Violation>,
    ) -> Option<T> {
        parsed
            .map_err(|Violation { code, rule }| self.refuse(name, code, rule))
            .ok()
    }

    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        let text = text?;
        if self.repeated.contains_key(name) {
            self.refuse(name, "repeated", "must be given once");
            return None;
        }
        self.check(name, parse(&text))
    }

    /// Parses a parameter that may be repeated, to match any of its values.
    pub(crate) fn any_of<T>(
        &mut self,
        name: &'static str,
        first: Option<String>,
        parse: impl Fn(&str) -> Result<T, Violation>,
    ) -> Vec<T> {
        let Some(first) = first else {
            return Vec::new();
        };
        let others = self.repeated.remove(name).unwrap_or_default();
        if others.len() >= MAX_VALUES {
            self.refuse(name, "repeated", "must be given at most 20 times");
            return Vec::new();
        }
        let values = [first].into_iter().chain(others);
        values
            .filter_map(|text| self.check(name, parse(&text)))
            .collect()
    }

    /// Parses the elements of a list; of equal ones the first counts.
    pub(crate) fn list<E, T: Clone + Ord>(
        &mut self,
        name: &'static str,
        elements: Vec<E>,
        max: usize,
        parse: impl Fn(E) -> Result<T, Violation>,
    ) -> Option<Vec<T>> {
        if elements.len() > max {
            self.refuse(name, "list.length", "names too many at once");
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut parsed = Vec::with_capacity(elements.len());
        for (index, element) in elements.into_iter().enumerate() {
            match parse(element) {
                Ok(value) if seen.insert(value.clone()) => parsed.push(value),
                Ok(_repeated) => {}
                Err(violation) => {
                    let place = [Step::Field(name), Step::Element(index)];
                    self.errors.push(FieldError::at(&place, violation));
                }
            }
        }
        Some(parsed)
    }

    /// Parses a field of an element of a list of objects.
    pub(crate) fn in_element<T>(
        &mut self,
        list: &'static str,
        index: usize,
        field: &'static str,
        parsed: Result<T, Violation>,
    ) -> Option<T> {
        parsed
            .map_err(|violation| {
                let error = FieldError::in_element(list, index, field, violation);
                self.errors.push(error);
            })
            .ok()
    }

    /// Parses the value of a key of an object.
    pub(crate) fn at_key<T>(
        &mut self,
        name: &'static str,
        key: &str,
        parsed: Result<T, Violation>,
    ) -> Option<T> {
        parsed
            .map_err(|violation| {
                let place = [Step::Field(name), Step::Field(key)];
                self.errors.push(FieldError::at(&place, violation));
            })
            .ok()
    }

    /// A field that only some values of other fields require.
    pub(crate) fn required<T>(&mut self, name: &'static str, field: Option<T>) -> Option<T> {
        self.check(name, field.ok_or(REQUIRED))
    }

    /// The object in the field `name` has a key that is none of its fields.
    pub(crate) fn unknown_key(&mut self, name: &'static str, key: &str) {
        let place = [Step::Field(name), Step::Field(key)];
        self.errors.push(FieldError::at(&place, UNKNOWN));
    }

    /// `rule` is read after the name.
    pub(crate) fn refuse(&mut self, name: &'static str, code: &'static str, rule: &str) {
        self.errors.push(match self.is_query {
            true => FieldError::in_query(name, code, rule),
            false => FieldError::in_body(name, code, rule),
        });
    }

    pub(crate) fn finish<T>(mut self, draft: Option<T>) -> Result<T, Problem> {
        self.errors.truncate(MAX_ERRORS);
        match draft {
            Some(draft) if self.errors.is_empty() => Ok(draft),
            _ => Err(Problem::validation(self.errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(number: u32) -> Result<u32, Violation> {
        let (code, rule) = ("odd", "must be even");
        number
            .is_multiple_of(2)
            .then_some(number)
            .ok_or(Violation { code, rule })
    }

    #[test]
    fn an_element_named_twice_counts_once_and_violations_are_bounded() {
        let mut violations = Violations::in_body();
        let list = violations.list("numbers", vec![4, 2, 4], 3, even);
        assert_eq!(list, Some(vec![4, 2]));
        violations.list("numbers", vec![1; 500], 500, even);
        let problem = violations.finish(Some(())).unwrap_err();
        let document = serde_json::to_value(problem.document(None)).unwrap();
        assert_eq!(document["errors"].as_array().unwrap().len(), MAX_ERRORS);
        assert_eq!(document["errors"][7]["pointer"], "/numbers/7");
    }
}
