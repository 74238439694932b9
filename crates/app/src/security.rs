//! The application's ports for passwords, tokens, the secrets of links in mails and one-time passwords, on
//! bcrypt, zxcvbn, JSON Web Tokens, HMAC and RFC 6238.

pub(crate) mod keys;
mod links;
mod password_policy;
mod passwords;
mod refresh_tokens;
mod sealing;
mod tokens;
mod totp;

pub use links::HmacLinkTokens;
pub use password_policy::GuessingPolicy;
pub use passwords::BcryptHasher;
pub use refresh_tokens::HmacRefreshTokens;
pub use tokens::JwtTokens;
pub use totp::SealedTotp;
