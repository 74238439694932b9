//! Synthetic graduates, with the departments and programmes of this release.

use abu_generator::{Department, Generator, NoCourses};
use abu_reference_data::ReadError;

#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    #[error(transparent)]
    Reference(#[from] ReadError),
    #[error(transparent)]
    NoCourses(#[from] NoCourses),
}

/// The people of a seed.
pub(crate) fn generator(seed: u64) -> Result<Generator, SyntheticError> {
    let files = abu_reference_data::files()?;
    let entries = files.iter().flat_map(|file| &file.entries);
    Ok(Generator::new(seed, Department::of_reference(entries))?)
}
