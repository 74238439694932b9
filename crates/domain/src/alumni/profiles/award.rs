//! Verified awards of the university, which the register owns.

use crate::{AwardId, DegreeId, DepartmentId, FacultyId, ProgrammeId};

/// An entry of the reference data: its id in storage, its code on the wire, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded<Id> {
    /// Names it in storage.
    pub id: Id,
    /// Names it on the wire.
    pub code: String,
    /// What people read.
    pub name: String,
}

/// An award of the university, as the register has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileAward {
    /// Which one.
    pub id: AwardId,
    /// The degree.
    pub degree: Coded<DegreeId>,
    /// The programme of study.
    pub programme: Option<Coded<ProgrammeId>>,
    /// The department.
    pub department: Option<Coded<DepartmentId>>,
    /// The faculty of the department.
    pub faculty: Option<Coded<FacultyId>>,
    /// The year.
    pub year: i16,
    /// The matriculation number, as its source spells it.
    pub matric_number: Option<String>,
    /// The class of the degree.
    pub class_of_degree: Option<String>,
}
