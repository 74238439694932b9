//! The application's ports for passwords, tokens and one-time passwords, on bcrypt, JSON Web Tokens,
//! HMAC and RFC 6238.

mod keys;
mod passwords;
mod refresh_tokens;
mod sealing;
mod tokens;
mod totp;

pub use passwords::BcryptHasher;
pub use refresh_tokens::HmacRefreshTokens;
pub use tokens::JwtTokens;
pub use totp::SealedTotp;
