//! The application's ports for passwords and access tokens, on bcrypt and JSON Web Tokens.

mod passwords;
mod tokens;

pub use passwords::BcryptHasher;
pub use tokens::JwtTokens;
