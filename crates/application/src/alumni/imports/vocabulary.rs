//! The reference data, as rows of a register look values up.

use abu_domain::{
    DegreeId, DepartmentId,
    alumni::{
        imports::{Found, Programme, Vocabulary},
        reference::{self, Catalogue},
    },
};

pub(super) struct CatalogueVocabulary(pub(super) Catalogue);

fn found<T>(found: reference::Found<T>) -> Found<T> {
    match found {
        reference::Found::One(entry) => Found::One(entry),
        reference::Found::Nothing => Found::Nothing,
        reference::Found::Several(_) => Found::Several,
    }
}

impl Vocabulary for CatalogueVocabulary {
    fn department(&self, text: &str) -> Found<DepartmentId> {
        found(self.0.find_department(text))
    }

    fn degree(&self, text: &str) -> Found<DegreeId> {
        found(self.0.find_degree(text))
    }

    fn programme(
        &self,
        text: &str,
        department: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<Programme> {
        let Self(catalogue) = self;
        match found(catalogue.find_programme(text, department, degree)) {
            Found::One(id) => catalogue
                .programme(id)
                .and_then(|entry| {
                    Some(Programme {
                        id,
                        department: catalogue.department_of_programme(entry)?,
                        degree: catalogue.degree_of_programme(entry)?,
                    })
                })
                .map_or(Found::Nothing, Found::One),
            Found::Nothing => Found::Nothing,
            Found::Several => Found::Several,
        }
    }
}
