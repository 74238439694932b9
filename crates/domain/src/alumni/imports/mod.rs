//! Imports of registers: which column means what, what a row says, and what is wrong with it. Pure: files, encodings
//! and the syntax of CSV belong to the adapter that reads them.

mod cell;
mod columns;
mod defect;
mod mapping;
mod names;
mod proposal;
mod row;
mod unknown_values;
mod values;
mod vocabulary;

pub use cell::{marked, needs_mark, unmarked};
pub use columns::Columns;
pub use defect::{Defect, Field, Problem};
pub use mapping::{
    Column, DateColumn, DateOrder, FullName, GivenNames, IfInvalid, Mapping, MappingError,
    NameOrder, OptionalColumn, ValueSource, YearSource,
};
pub use proposal::propose;
pub use row::{CandidateRow, Cells, RowReader};
pub use unknown_values::{UnknownValue, UnknownValues};
pub use vocabulary::{Found, Programme, Vocabulary};

#[cfg(test)]
mod tests;
