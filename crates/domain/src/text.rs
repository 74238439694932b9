//! What people type, parsed.

mod email;
mod emoji;
mod message_text;
mod name;
mod note;
mod one_time_password;
mod password;
mod phone;
mod terms_version;

use std::fmt;

pub use email::{EmailAddress, MaskedEmail};
pub use emoji::Emoji;
pub use message_text::MessageText;
pub use name::{DeviceName, PersonName, RoomName};
pub use note::{Description, OfficeTitle, Reason};
pub use one_time_password::{OneTimePassword, RecoveryCode, TotpCode};
pub use password::{LoginPassword, NewPassword, PersonalWords};
pub use phone::PhoneNumber;
pub use terms_version::TermsVersion;

/// A rule that a piece of text broke.
///
/// The caller knows which field the text came from and adds that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Stable name of the rule for programs, such as `email.invalid`.
    pub code: &'static str,
    /// The rule for people, to be read after the field's name: `must have 1 to 80 characters`.
    pub rule: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }
}

impl std::error::Error for Violation {}
