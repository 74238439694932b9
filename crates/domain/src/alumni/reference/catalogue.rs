use super::{Details, Entry, Found, Kind, List};
use crate::{DegreeId, DepartmentId, FacultyId, ProgrammeId};

/// Every list of reference data, in memory: some hundreds of entries, at most a few thousand.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    lists: [List; Kind::ALL.len()],
}

/// Typed access to one kind.
macro_rules! of_kind {
    ($kind:ident, $id:ident, $entry:ident, $entry_of:ident, $find:ident, $name:literal) => {
        #[doc = concat!("The ", $name, " with this number.")]
        pub fn $entry(&self, id: $id) -> Option<&Entry> {
            self.list(Kind::$kind).of_id(id.get().into())
        }

        #[doc = concat!("The ", $name, " with this code, written exactly like this.")]
        pub fn $entry_of(&self, code: &str) -> Option<$id> {
            let entry = self.list(Kind::$kind).of_code(code)?;
            entry.id.try_into().ok().map($id::new)
        }

        #[doc = concat!("The ", $name, " that a text of an import means, by code, name or alias.")]
        pub fn $find(&self, text: &str) -> Found<$id> {
            let found = self.list(Kind::$kind).matches(text);
            found
                .filter_map(|entry| entry.id.try_into().ok().map($id::new))
                .collect()
        }
    };
}

impl Catalogue {
    /// Sorts entries of any kinds into their lists.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut lists: [Vec<Entry>; Kind::ALL.len()] = Default::default();
        for entry in entries {
            lists[place(entry.content.kind())].push(entry);
        }
        Self {
            lists: lists.map(List::new),
        }
    }

    /// The list of a kind.
    pub fn list(&self, kind: Kind) -> &List {
        &self.lists[place(kind)]
    }

    of_kind!(
        Faculties,
        FacultyId,
        faculty,
        faculty_of_code,
        find_faculty,
        "faculty"
    );
    of_kind!(
        Departments,
        DepartmentId,
        department,
        department_of_code,
        find_department,
        "department"
    );
    of_kind!(
        Degrees,
        DegreeId,
        degree,
        degree_of_code,
        find_degree,
        "degree"
    );

    /// The programme with this number.
    pub fn programme(&self, id: ProgrammeId) -> Option<&Entry> {
        self.list(Kind::Programmes).of_id(id.get())
    }

    /// The programme with this code, written exactly like this.
    pub fn programme_of_code(&self, code: &str) -> Option<ProgrammeId> {
        let entry = self.list(Kind::Programmes).of_code(code)?;
        Some(ProgrammeId::new(entry.id))
    }

    /// The programme that a text of an import means, by code, name or alias, among those of the department and with
    /// the degree. Programmes of one name mostly differ by their degrees.
    pub fn find_programme(
        &self,
        text: &str,
        department: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<ProgrammeId> {
        let matches = self.list(Kind::Programmes).matches(text);
        matches
            .filter(|entry| {
                department.is_none_or(|id| self.department_of_programme(entry) == Some(id))
                    && degree.is_none_or(|id| self.degree_of_programme(entry) == Some(id))
            })
            .map(|entry| ProgrammeId::new(entry.id))
            .collect()
    }

    /// The department that teaches a programme.
    pub fn department_of_programme(&self, programme: &Entry) -> Option<DepartmentId> {
        match &programme.content.details {
            Details::Programme { department, .. } => self.department_of_code(department.as_str()),
            _ => None,
        }
    }

    /// The degree that a programme leads to.
    pub fn degree_of_programme(&self, programme: &Entry) -> Option<DegreeId> {
        match &programme.content.details {
            Details::Programme { degree, .. } => self.degree_of_code(degree.as_str()),
            _ => None,
        }
    }
}

/// The place of a kind in [`Kind::ALL`].
const fn place(kind: Kind) -> usize {
    kind as usize
}
