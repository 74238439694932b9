#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod parse;

#[cfg(test)]
mod tests;

use abu_application::alumni::reference::DataFile;
use abu_domain::alumni::reference::Kind;

pub use parse::{ReadError, parse};

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../data/reference/", $name, ".toml"))
    };
}

/// The text of the data file of a list.
pub const fn text(kind: Kind) -> &'static str {
    match kind {
        Kind::Faculties => file!("faculties"),
        Kind::Departments => file!("departments"),
        Kind::Degrees => file!("degrees"),
        Kind::Programmes => file!("programmes"),
        Kind::States => file!("states"),
        Kind::Countries => file!("countries"),
        Kind::Industries => file!("industries"),
    }
}

/// Every data file, a list before those that refer to it.
///
/// # Errors
/// Where a file of this release has a mistake, which the tests of this crate exclude.
pub fn files() -> Result<Vec<DataFile>, ReadError> {
    Kind::ALL
        .iter()
        .map(|&kind| parse(kind, text(kind)))
        .collect()
}
