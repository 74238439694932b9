//! The faults, one family a module.

mod clients;
mod database;
mod disk;
mod limits;
mod locks;
mod processes;
mod read_only;

use super::{
    FaultError,
    bed::{Bed, Tuning},
};

/// Ends a fault, and returns what it complains of.
pub(super) type End = Box<dyn FnOnce(&mut Bed) -> Result<Vec<String>, FaultError>>;

pub(super) struct Row {
    pub(super) name: &'static str,
    /// In seconds: quick, and otherwise.
    pub(super) hold: [u64; 2],
    pub(super) tuning: Tuning,
    pub(super) begin: fn(&mut Bed) -> Result<End, FaultError>,
}

const TUNING: Tuning = Tuning {
    postgres: &[],
    server: &[],
    files: None,
    text_length: 60,
    small_disk: false,
};

pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    let families: [&[Row]; 7] = [
        processes::ROWS,
        database::ROWS,
        locks::ROWS,
        read_only::ROWS,
        disk::ROWS,
        limits::ROWS,
        clients::ROWS,
    ];
    families.into_iter().flatten()
}

/// The end of a fault that has nothing to complain of.
fn end(end: impl FnOnce(&mut Bed) -> Result<(), FaultError> + 'static) -> End {
    Box::new(|bed| end(bed).map(|()| Vec::new()))
}
