//! Validated text types (parse, don't validate).

mod email;
mod name;
mod note;

use std::fmt;

pub use email::{EmailAddress, MaskedEmail};
pub(crate) use name::one_line;
pub use name::{DeviceName, PersonName};
pub use note::{Description, OfficeTitle, Reason};

/// The validation rule that a text breaks. The caller adds the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Stable code of the rule for programs, such as `email.invalid`.
    pub code: &'static str,
    /// The rule in English, to be read after the field's name: `must have 1 to 80 characters`.
    pub rule: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }
}

impl std::error::Error for Violation {}
