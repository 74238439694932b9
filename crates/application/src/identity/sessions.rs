//! Sessions: logging in, and what comes of it.
//!
//! A session is a log-in. Out of it come access tokens, which live for minutes, and one line of refresh
//! tokens, each good until the next one was made of it. Whatever proves the session's end – a log-out,
//! another password, a stolen token that shows itself – ends all of it at once.

mod elsewhere;
mod ending;
mod log_in;
mod network;
mod own;
mod refresh;
mod second_factor;
mod totp;

use std::{sync::Arc, time::Duration};

use crate::{
    Context,
    access::TotpPolicy,
    identity::{
        passwords::PasswordWork,
        ports::{AccessTokens, OneTimePasswords, RefreshTokens, TokenClaims, TokenError},
    },
};

pub use elsewhere::EndedElsewhere;
pub use ending::{EndedSessions, ending_sessions};
pub use log_in::{LogIn, LogInDraft, LogInError};
pub use own::{OwnSession, SessionError};
pub use refresh::RefreshError;
pub use totp::{RECOVERY_CODES, TotpError, TotpState};

/// What the operator decides about sessions.
#[derive(Clone, Debug)]
pub struct SessionPolicy {
    /// For how long a session can be refreshed after it last was.
    pub lifetime: Duration,
    pub totp: Arc<TotpPolicy>,
}

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    pub context: Context,
    /// Who compares passwords.
    pub passwords: PasswordWork,
    /// Who makes access tokens.
    pub tokens: Arc<dyn AccessTokens>,
    /// Who makes refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// Who knows one-time passwords.
    pub one_time_passwords: Arc<dyn OneTimePasswords>,
    /// What the operator decides.
    pub policy: Arc<SessionPolicy>,
}

impl Sessions {
    /// What an access token claims, if it is valid now. Whether its session still lasts, the use cases check.
    pub fn verify(&self, token: &str) -> Result<TokenClaims, TokenError> {
        self.tokens.verify(token, self.context.clock.now())
    }
}
