//! The register of graduates: records, awards, their sources, and pairs that may be one person.

mod duplicates;
mod matric;
mod record;

pub use duplicates::{Classmate, namesakes};
pub use matric::MatricNumber;
pub use record::{
    Award, AwardDetails, ClassOfDegree, FieldSource, MAX_AWARDS, MAX_PREVIOUS_NAMES, Record,
    RecordDetails, RecordState, Source, award_year, register_name,
};
