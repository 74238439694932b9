//! Identity use cases as tests call them: parsed arguments, mails by recipient, links followed.

use abu_application::{
    access::Caller,
    identity::{
        accounts::UserDraft,
        emails::{EmailError, LinkError, Proof, ProofDraft, ProofError},
        passwords::ResetError,
        ports::{Consents, OwnDetails},
        registration::RegistrationDraft,
        sessions::{LogIn, LogInDraft, LogInError},
    },
    platform::{mail::MailContent, ports::Mail},
};
use abu_domain::{
    LoginSessionId,
    identity::{
        consent::ConsentPurpose,
        text::{LoginPassword, NewPassword, OneTimePassword, TermsVersion},
        user::User,
    },
    platform::text::{EmailAddress, PersonName},
};
use tokio::{runtime::Handle, task::yield_now};

use crate::support::{Member, PASSWORD, TestApp, origin};

/// A password that no member has at first.
pub(crate) const NEW_PASSWORD: &str = "guinea corn at the old market";

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn person_name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub(crate) fn new_password(text: &str) -> NewPassword {
    NewPassword::parse(text.into()).unwrap()
}

pub(crate) fn login_password(text: &str) -> LoginPassword {
    LoginPassword::new(text.into())
}

/// What an account of Fatima Danjuma is made of.
pub(crate) fn account_draft(email: &str, password: &str) -> UserDraft {
    UserDraft {
        email: address(email),
        password: new_password(password),
        firstname: person_name("Fatima"),
        middlename: None,
        lastname: person_name("Danjuma"),
        phone: None,
    }
}

/// The registration of Fatima Danjuma.
pub(crate) fn registration(email: &str) -> RegistrationDraft {
    RegistrationDraft {
        email: address(email),
        firstname: person_name("Fatima"),
        middlename: None,
        lastname: person_name("Danjuma"),
        phone: None,
        consents: Consents {
            version: TermsVersion::parse("2026-01").unwrap(),
            granted: vec![
                (ConsentPurpose::Directory, true),
                (ConsentPurpose::Digest, false),
            ],
        },
    }
}

pub(crate) fn details(user: &User) -> OwnDetails {
    OwnDetails {
        firstname: user.firstname.clone(),
        middlename: user.middlename.clone(),
        lastname: user.lastname.clone(),
        phone: user.phone.clone(),
    }
}

/// Waits until the detached tasks of the test's runtime have ended.
pub(crate) async fn detached_tasks_end() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        yield_now().await;
    }
}

/// An address of an account: its text, whether it is the primary one, whether it is verified.
pub(crate) type Listed = (String, bool, bool);

pub(crate) fn primary(address: &str) -> Listed {
    (address.to_owned(), true, true)
}

pub(crate) fn verified(address: &str) -> Listed {
    (address.to_owned(), false, true)
}

pub(crate) fn claimed(address: &str) -> Listed {
    (address.to_owned(), false, false)
}

impl TestApp {
    /// The mail enqueued since the last call to take mails; it goes to this address.
    #[track_caller]
    pub(crate) fn only_mail_to(&self, recipient: &str) -> MailContent {
        let mails = self.take_mails();
        match mails.as_slice() {
            [mail] if mail.recipient.as_str() == recipient => mail.content.clone(),
            other => panic!("not one mail to {recipient}: {other:?}"),
        }
    }

    /// The content of the mails enqueued since the last call to take mails that go to this address.
    pub(crate) fn mails_to(&self, recipient: &str) -> Vec<MailContent> {
        let mails = self.take_mails().into_iter();
        let to = |mail: &Mail| mail.recipient.as_str() == recipient;
        mails.filter(to).map(|mail| mail.content).collect()
    }

    pub(crate) async fn try_log_in(
        &self,
        email: &str,
        password: &str,
        otp: Option<&str>,
    ) -> Result<LogIn, LogInError> {
        let draft = LogInDraft {
            email: address(email),
            password: login_password(password),
            otp: otp.map(OneTimePassword::new),
            device_name: None,
        };
        self.use_cases
            .identity
            .sessions
            .log_in(draft, origin())
            .await
    }

    /// The caller of a new login session with [`PASSWORD`].
    pub(crate) async fn new_caller(&self, member: &Member) -> Caller {
        let log_in = self.log_in(member).await;
        self.caller(&log_in)
    }

    /// Whether the session of this caller lasts and its account is usable.
    pub(crate) async fn is_accepted(&self, caller: &Caller) -> bool {
        self.use_cases
            .identity
            .own_accounts
            .get(caller.clone())
            .await
            .is_ok()
    }

    /// Why a session ended, where it did.
    pub(crate) fn end_reason(&self, session: LoginSessionId) -> Option<String> {
        let query = format!(
            "SELECT revoked_because FROM sessions
             WHERE id = '{session}' AND revoked_because IS NOT NULL"
        );
        self.database.texts(&query).pop()
    }

    pub(crate) async fn add_email(&self, caller: &Caller, email: &str) -> Result<(), EmailError> {
        let password = login_password(PASSWORD);
        let emails = &self.use_cases.identity.emails;
        emails.add(caller.clone(), address(email), password).await
    }

    pub(crate) async fn ask_for_change(
        &self,
        caller: &Caller,
        email: &str,
    ) -> Result<(), EmailError> {
        let password = login_password(PASSWORD);
        let emails = &self.use_cases.identity.emails;
        emails
            .change(caller.clone(), address(email), password)
            .await
    }

    pub(crate) async fn register(&self, draft: RegistrationDraft) {
        let registration = &self.use_cases.identity.registration;
        registration.register(draft, origin()).await.unwrap();
    }

    /// Asks for another link to prove this address, and waits for the work after the answer.
    pub(crate) async fn resend(&self, email: &str) {
        let emails = &self.use_cases.identity.emails;
        emails.resend(address(email), origin()).await.unwrap();
        detached_tasks_end().await;
    }

    /// Completes a registration with this password.
    pub(crate) async fn complete(&self, token: &str, password: &str) -> Result<LogIn, ProofError> {
        match self.open(token, Some(password)).await? {
            Proof::Registration(log_in) => Ok(*log_in),
            Proof::Address => panic!("the link completes no registration"),
        }
    }

    /// Opens a link that proves an address and completes no registration.
    pub(crate) async fn verify_email(&self, token: &str) -> Result<(), LinkError> {
        match self.open(token, None).await {
            Ok(Proof::Address) => Ok(()),
            Err(ProofError::Link(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn open(
        &self,
        token: &str,
        password: Option<&str>,
    ) -> Result<Proof, ProofError> {
        let draft = ProofDraft {
            token: token.into(),
            password: password.map(new_password),
            device_name: None,
        };
        self.use_cases.identity.emails.verify(draft, origin()).await
    }

    pub(crate) async fn confirm_change(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<bool, LinkError> {
        let emails = &self.use_cases.identity.emails;
        emails.confirm_change(caller.clone(), token).await
    }

    pub(crate) async fn undo_change(&self, token: &str) -> Result<(), LinkError> {
        self.use_cases
            .identity
            .emails
            .undo_change(token, origin())
            .await
    }

    /// The token of a link that verifies a further address, which the primary one has approved.
    pub(crate) async fn claim_token(&self, caller: &Caller, email: &str) -> String {
        let [own, approval] = self.claim_tokens(caller, email).await;
        self.verify_email(&approval).await.unwrap();
        own
    }

    /// The tokens of the links to a further address and to the primary one.
    pub(crate) async fn claim_tokens(&self, caller: &Caller, email: &str) -> [String; 2] {
        self.add_email(caller, email).await.unwrap();
        self.both_tokens(email)
    }

    /// The token of a link that confirms another primary address, which the present one has approved.
    pub(crate) async fn change_token(&self, caller: &Caller, email: &str) -> String {
        let [own, approval] = self.change_tokens(caller, email).await;
        self.verify_email(&approval).await.unwrap();
        own
    }

    /// The tokens of the links to another primary address and to the present one.
    pub(crate) async fn change_tokens(&self, caller: &Caller, email: &str) -> [String; 2] {
        self.ask_for_change(caller, email).await.unwrap();
        self.both_tokens(email)
    }

    /// The tokens of the two mails that a claim of this address has enqueued.
    #[track_caller]
    fn both_tokens(&self, email: &str) -> [String; 2] {
        let mails = self.take_mails();
        let (own, approval): (Vec<_>, Vec<_>) = mails
            .iter()
            .partition(|mail| mail.recipient.as_str() == email);
        match (own.as_slice(), approval.as_slice()) {
            ([own], [approval]) => [own, approval].map(|mail| self.link_token(&mail.content)),
            _ => panic!("not one mail to {email} and one to another address: {mails:?}"),
        }
    }

    /// The one mail to this address among those enqueued since the last call to take mails.
    #[track_caller]
    pub(crate) fn mail_to(&self, recipient: &str) -> MailContent {
        let mails = self.mails_to(recipient);
        match mails.as_slice() {
            [mail] => mail.clone(),
            other => panic!("not one mail to {recipient}: {other:?}"),
        }
    }

    /// Adds an address and verifies it.
    pub(crate) async fn add_verified_email(&self, caller: &Caller, email: &str) {
        let token = self.claim_token(caller, email).await;
        self.verify_email(&token).await.unwrap();
        self.take_mails();
    }

    /// Changes the primary address; returns the token of the link that undoes it.
    pub(crate) async fn change_primary(&self, caller: &Caller, from: &str, to: &str) -> String {
        let token = self.change_token(caller, to).await;
        assert!(self.confirm_change(caller, &token).await.unwrap());
        self.link_token(&self.only_mail_to(from))
    }

    pub(crate) fn addresses(&self, member: &Member) -> Vec<Listed> {
        let emails = self.store(|tx| tx.emails_of(member.id()));
        let listed = emails.into_iter().map(|email| {
            let text = email.email.as_str().to_owned();
            (text, email.is_primary, email.verified_at.is_some())
        });
        listed.collect()
    }

    /// Asks for a password reset, and waits for the work after the answer.
    pub(crate) async fn forget_password(&self, email: &str) {
        let forgot = self
            .use_cases
            .identity
            .passwords
            .forgot(address(email), origin());
        forgot.await.unwrap();
        detached_tasks_end().await;
    }

    /// The link of a new password reset for this address.
    pub(crate) async fn new_reset_link(&self, email: &str) -> uuid::Uuid {
        self.forget_password(email).await;
        self.reset_link(&self.only_mail_to(email))
    }

    pub(crate) async fn reset_password(
        &self,
        link: uuid::Uuid,
        password: &str,
    ) -> Result<(), ResetError> {
        let passwords = &self.use_cases.identity.passwords;
        passwords
            .reset(link, new_password(password), origin())
            .await
    }
}
