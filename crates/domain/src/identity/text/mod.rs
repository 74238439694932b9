//! Text of the identity area, parsed.

mod one_time_password;
mod password;
mod phone;
mod terms_version;

pub use one_time_password::{OneTimePassword, RecoveryCode, TotpCode};
pub use password::{LoginPassword, NewPassword, PersonalWords};
pub use phone::PhoneNumber;
pub use terms_version::TermsVersion;
