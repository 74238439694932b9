//! Reference data: faculties, departments, programmes, degrees, states, countries and industries.
//!
//! A list holds the [`Entry`]s of one [`Kind`]. [`List`] finds them by code, name and alias, and [`Catalogue`] holds
//! every list. [`flaws`] names what a list must not have before it is stored.

mod catalogue;
mod details;
mod entry;
mod flaws;
mod key;
mod kind;
mod list;
mod text;

pub use catalogue::Catalogue;
pub use details::{DegreeLevel, Details, Zone};
pub use entry::{Content, Entry, Validity};
pub use flaws::{Flaw, flaws};
pub use key::key;
pub use kind::Kind;
pub use list::{Found, List};
pub use text::{Code, Confirmation, Label};

#[cfg(test)]
mod tests;
