//! The reference data, as an import looks values up in it.

use std::collections::{BTreeMap, HashMap};

use crate::{DegreeId, DepartmentId, ProgrammeId, platform::text::folded};

/// How many distinct texts of a column are remembered with what they mean.
const MAX_REMEMBERED: usize = 4096;
/// The longest text that is remembered, in bytes.
const MAX_REMEMBERED_BYTES: usize = 200;

/// What a text means in the reference data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// One entry.
    One(T),
    /// No entry.
    Nothing,
    /// Several entries, of which none is to be guessed.
    Several,
}

/// A programme of study, with what it says about its awards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programme {
    /// The programme.
    pub id: ProgrammeId,
    /// The department that teaches it.
    pub department: DepartmentId,
    /// The degree it leads to.
    pub degree: DegreeId,
}

/// Lookup of reference data by code, name or alias, compared without case and punctuation.
pub trait Vocabulary {
    /// The department of that code, name or alias.
    fn department(&self, text: &str) -> Found<DepartmentId>;

    /// The degree of that code, name or alias.
    fn degree(&self, text: &str) -> Found<DegreeId>;

    /// The programme of that code, name or alias, among those of the department and the degree where they are known.
    fn programme(
        &self,
        text: &str,
        department: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<Programme>;
}

impl<V: Vocabulary + ?Sized> Vocabulary for Box<V> {
    fn department(&self, text: &str) -> Found<DepartmentId> {
        (**self).department(text)
    }

    fn degree(&self, text: &str) -> Found<DegreeId> {
        (**self).degree(text)
    }

    fn programme(
        &self,
        text: &str,
        department: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<Programme> {
        (**self).programme(text, department, degree)
    }
}

/// What the department and the degree of a row say about its programme.
type Context = (Option<DepartmentId>, Option<DegreeId>);

/// A map of a file's own values, and the memory of what was looked up.
#[derive(Debug)]
pub(super) struct Values<T> {
    /// The mapping's values, by their folded form.
    mapped: HashMap<String, String>,
    remembered: HashMap<Context, HashMap<String, Found<T>>>,
    count: usize,
}

impl<T: Copy> Values<T> {
    pub(super) fn new(map: &BTreeMap<String, String>) -> Self {
        let mapped = map.iter().map(|(from, to)| (folded(from), to.clone()));
        Self {
            mapped: mapped.collect(),
            remembered: HashMap::new(),
            count: 0,
        }
    }

    /// What the text means: as the map says, else as `look_up` finds it.
    pub(super) fn find(&mut self, text: &str, look_up: impl Fn(&str) -> Found<T>) -> Found<T> {
        self.find_for(text, (None, None), look_up)
    }

    /// What the text means in a row with that department and degree.
    pub(super) fn find_for(
        &mut self,
        text: &str,
        context: Context,
        look_up: impl Fn(&str) -> Found<T>,
    ) -> Found<T> {
        let remembered = self.remembered.get(&context);
        if let Some(found) = remembered.and_then(|texts| texts.get(text)) {
            return *found;
        }
        let found = match self.mapped.get(&folded(text)) {
            Some(meant) => look_up(meant),
            None => look_up(text),
        };
        if self.count < MAX_REMEMBERED && text.len() <= MAX_REMEMBERED_BYTES {
            self.count += 1;
            let texts = self.remembered.entry(context).or_default();
            texts.insert(text.to_owned(), found);
        }
        found
    }
}
