//! Validated text types of the identity area (parse, don't validate).

mod local_words;
mod one_time_password;
mod opaque_string;
mod password;
mod phone;
mod terms_version;

pub use one_time_password::{OneTimePassword, RecoveryCode, TotpCode};
pub use password::{LoginPassword, NewPassword, PersonalWords};
pub use phone::PhoneNumber;
pub use terms_version::TermsVersion;
