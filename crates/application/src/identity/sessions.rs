//! Login sessions: log-in, token rotation, second factor, and revocation.
//!
//! A session issues short-lived access tokens and a rotating sequence of refresh tokens. Log-out, a
//! password change, or the reuse of a refresh token revokes the session with all its tokens.

mod elsewhere;
mod ending;
mod failures;
mod guards;
mod log_in;
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
        ports::{
            AccessTokens, OneTimePasswords, RefreshTokens, StandingListener, TokenClaims,
            TokenError,
        },
    },
};

pub use elsewhere::EndedElsewhere;
pub use ending::{EndedSessions, ending_sessions};
pub use failures::{FailureCounts, LogInFailures};
pub use log_in::{LogIn, LogInDraft, LogInError};
pub use own::{OwnSession, SessionError};
pub use refresh::RefreshError;
pub use totp::{RECOVERY_CODES, TotpError, TotpState};

#[derive(Clone, Debug)]
pub struct SessionPolicy {
    /// Time after which a session expires without a refresh.
    pub lifetime: Duration,
    pub totp: Arc<TotpPolicy>,
}

#[derive(Clone)]
pub struct Sessions {
    pub context: Context,
    pub passwords: PasswordWork,
    pub tokens: Arc<dyn AccessTokens>,
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    pub one_time_passwords: Arc<dyn OneTimePasswords>,
    pub policy: Arc<SessionPolicy>,
    pub failures: Arc<LogInFailures>,
    pub standing: Arc<dyn StandingListener>,
}

impl Sessions {
    /// Verifies an access token's signature, times and audience. The use cases check that its
    /// session lasts.
    pub fn verify(&self, token: &str) -> Result<TokenClaims, TokenError> {
        self.tokens.verify(token, self.context.clock.now())
    }
}
