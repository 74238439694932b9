//! The application's ports for passwords, access tokens and the secrets of links in mails, on bcrypt, JSON
//! Web Tokens and HMAC.

mod links;
mod passwords;
mod tokens;

pub use links::HmacLinkTokens;
pub use passwords::BcryptHasher;
pub use tokens::JwtTokens;
