//! The directory of graduates.

mod refresh;

pub use refresh::refresh_entries;
