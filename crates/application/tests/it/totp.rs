//! One-time passwords as the second factor: enrollment, recovery codes, required groups.

mod enrollment;
mod guesses;
mod log_in;
mod recovery_codes;
mod required_groups;
mod staff_reset;

use abu_application::{
    access::Caller,
    identity::{
        passwords::ConfirmError,
        sessions::{LogIn, LogInDraft, LogInError, TotpError},
    },
};
use abu_domain::identity::text::{LoginPassword, OneTimePassword, RecoveryCode};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Member, PASSWORD, TestApp, origin};

/// The step of a device.
const STEP: TimeDelta = TimeDelta::seconds(30);

fn right() -> LoginPassword {
    LoginPassword::new(PASSWORD.into())
}

fn wrong() -> LoginPassword {
    LoginPassword::new("a wrong one".into())
}

/// An authenticator.
struct Device(Totp);

impl Device {
    fn of(base32: &SecretString) -> Self {
        let secret = Secret::try_from_base32(base32.expose_secret()).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    fn digits(&self, app: &TestApp) -> String {
        let now = app.now().timestamp().try_into().unwrap();
        self.0.generate(now).to_string()
    }

    /// What the device shows now.
    fn shows(&self, app: &TestApp) -> OneTimePassword {
        OneTimePassword::new(&self.digits(app))
    }

    /// Six digits that the device does not show around now.
    fn hides(&self, app: &TestApp) -> OneTimePassword {
        let now = app.now().timestamp();
        let shown: Vec<String> = (-2..=2)
            .map(|step| self.0.generate((now + step * 30).try_into().unwrap()))
            .map(|code| code.to_string())
            .collect();
        let mut codes = (0..).map(|code| format!("{code:06}"));
        let hidden = codes.find(|code| !shown.contains(code)).unwrap();
        OneTimePassword::new(&hidden)
    }
}

/// A member with one-time passwords.
struct Enrolled {
    member: Member,
    device: Device,
    codes: Vec<RecoveryCode>,
}

/// A recovery code as its owner noted it.
fn noted(code: &RecoveryCode) -> OneTimePassword {
    OneTimePassword::new(code.text().expose_secret())
}

impl TestApp {
    async fn begin_totp(&self, caller: Caller) -> Device {
        let sessions = &self.use_cases.identity.sessions;
        let secret = sessions.begin_totp(caller, right()).await.unwrap();
        Device::of(&secret.base32)
    }

    /// Enrolls the caller. What their device shows next was not used.
    async fn enroll_as(&self, caller: Caller, member: Member) -> Enrolled {
        let device = self.begin_totp(caller.clone()).await;
        let sessions = &self.use_cases.identity.sessions;
        let codes = sessions.confirm_totp(caller, device.shows(self)).await;
        self.clock.advance(STEP);
        Enrolled {
            member,
            device,
            codes: codes.unwrap(),
        }
    }

    async fn enroll(&self, member: Member) -> Enrolled {
        self.enroll_as(member.caller(), member).await
    }

    async fn enrolled(&self) -> Enrolled {
        self.enroll(self.member().create()).await
    }

    async fn log_in_with(
        &self,
        member: &Member,
        otp: Option<OneTimePassword>,
    ) -> Result<LogIn, LogInError> {
        let draft = LogInDraft {
            email: member.user.email.clone(),
            password: right(),
            otp,
            device_name: None,
        };
        self.use_cases
            .identity
            .sessions
            .log_in(draft, origin())
            .await
    }

    /// How many recovery codes the member has left.
    async fn codes_left(&self, member: &Member) -> usize {
        let state = self
            .use_cases
            .identity
            .sessions
            .totp_state(member.caller())
            .await;
        state.unwrap().recovery_codes_left
    }
}

fn is_wrong_password(error: &TotpError) -> bool {
    matches!(error, TotpError::Confirm(ConfirmError::WrongPassword))
}
