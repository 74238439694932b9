#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod claim_codes;
mod head_seals;
mod keys;
mod links;
mod password_policy;
mod passwords;
mod refresh_tokens;
mod sealing;
mod secret_store;
mod tokens;
mod totp;

pub use claim_codes::HmacClaimCodes;
pub use head_seals::HmacHeadSealer;
pub use keys::derive as derive_key;
pub use links::HmacLinkTokens;
pub use password_policy::GuessingPolicy;
pub use passwords::BcryptHasher;
pub use refresh_tokens::HmacRefreshTokens;
pub use secret_store::{SecretStore, SecretStoreError, StoredSecret};
pub use tokens::JwtTokens;
pub use totp::SealedTotp;
