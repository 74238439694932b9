//! Validated text types (parse, don't validate).

#[cfg(test)]
mod any_text;
pub(crate) mod characters;
mod email;
mod fold;
mod line;
mod name;
mod note;

use std::fmt;

#[cfg(test)]
pub(crate) use any_text::{any_text, every_character};
pub(crate) use characters::is_number;
#[cfg(test)]
pub(crate) use characters::{is_letter, script};
pub(crate) use email::host_name;
pub use email::{EmailAddress, MaskedEmail};
pub use fold::folded;
pub(crate) use line::{mended_line, nfc, nfkc, one_line};
pub use name::{DeviceName, PersonName, require_free_name};
pub(crate) use name::{NO_LETTER, of_one_script_a_word};
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
