//! The application's ports for passwords, access tokens and the secrets of links in mails, on bcrypt, zxcvbn,
//! JSON Web Tokens and HMAC.

mod links;
mod password_policy;
mod passwords;
mod tokens;

pub use links::HmacLinkTokens;
pub use password_policy::GuessingPolicy;
pub use passwords::BcryptHasher;
pub use tokens::JwtTokens;
