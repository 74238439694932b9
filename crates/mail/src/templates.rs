//! Mail templates (minijinja): each kind has a plain-text file, whose first line is the subject, and
//! an HTML file. The params of the mail are their variables.

use std::{error::Error, sync::Arc};

use abu_application::{
    alumni::ports::ClaimCodes,
    identity::ports::{LinkPurpose, LinkTokens},
    platform::{
        mail::MailContent,
        ports::{Mail, MailRenderer, RenderedMail},
    },
};
use abu_domain::alumni::claims::ReasonCode;
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{
    AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig,
    value::Serde,
};

/// West Africa Time is UTC+1 all year round.
const WEST_AFRICA: TimeDelta = TimeDelta::hours(1);
/// Longer names appear in no greeting.
const MAX_GREETED_CHARS: usize = 40;
/// Truncates device names.
const MAX_DEVICE_CHARS: usize = 60;
/// Characters of a line in messages of people.
const WRAP: usize = 76;

macro_rules! templates {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates! {
    "layout.txt" "layout.html" "button.html"
    "verify_email.txt" "verify_email.html"
    "account_exists.txt" "account_exists.html"
    "reset_password.txt" "reset_password.html"
    "password_changed.txt" "password_changed.html"
    "email_change_confirm.txt" "email_change_confirm.html"
    "email_changed.txt" "email_changed.html"
    "email_change_undone.txt" "email_change_undone.html"
    "refresh_reused.txt" "refresh_reused.html"
    "totp_enabled.txt" "totp_enabled.html"
    "totp_disabled.txt" "totp_disabled.html"
    "totp_wrong.txt" "totp_wrong.html"
    "choose_password.txt" "choose_password.html"
    "verify_further_email.txt" "verify_further_email.html"
    "email_added.txt" "email_added.html"
    "address_in_use.txt" "address_in_use.html"
    "email_replaced.txt" "email_replaced.html"
    "confirm_account_email.txt" "confirm_account_email.html"
    "totp_reset.txt" "totp_reset.html"
    "approve_email.txt" "approve_email.html"
    "erasure_scheduled.txt" "erasure_scheduled.html"
    "account_erased.txt" "account_erased.html"
    "export_ready.txt" "export_ready.html"
    "claim_under_review.txt" "claim_under_review.html"
    "claim_info_requested.txt" "claim_info_requested.html"
    "claim_verified.txt" "claim_verified.html"
    "claim_rejected.txt" "claim_rejected.html"
    "claim_withdrawn.txt" "claim_withdrawn.html"
    "claim_revoked.txt" "claim_revoked.html"
    "claim_on_your_record.txt" "claim_on_your_record.html"
    "claim_mailbox_code.txt" "claim_mailbox_code.html"
    "claim_invitation.txt" "claim_invitation.html"
};

pub(super) struct Templates {
    environment: Environment<'static>,
}

/// The front end's pages that links lead to.
#[derive(Clone)]
struct Site {
    /// Without a trailing slash, of URL characters only: see `settings`.
    url: String,
    links: Arc<dyn LinkTokens>,
    codes: Arc<dyn ClaimCodes>,
}

impl Templates {
    pub(super) fn new(
        site_url: String,
        links: Arc<dyn LinkTokens>,
        codes: Arc<dyn ClaimCodes>,
    ) -> Self {
        let site = Site {
            url: site_url,
            links,
            codes,
        };
        #[expect(
            clippy::expect_used,
            reason = "the templates are built in, and a test renders each of them"
        )]
        let environment = environment(site).expect("the templates are well formed");
        Self { environment }
    }

    fn rendered(&self, form: &str, content: &MailContent) -> Result<String, minijinja::Error> {
        let name = format!("{}.{form}", content.kind().name());
        let template = self.environment.get_template(&name)?;
        template.render(Value::from(Serde(content)).get_attr("params")?)
    }
}

impl MailRenderer for Templates {
    fn render(&self, mail: Mail) -> Result<RenderedMail, Box<dyn Error + Send + Sync>> {
        let text = self.rendered("txt", &mail.content)?;
        let html = self.rendered("html", &mail.content)?;
        let (subject, text) = text
            .split_once("\n\n")
            .ok_or("a template of plain text has no line with the subject")?;
        Ok(RenderedMail {
            subject: subject.to_owned(),
            text: text.to_owned(),
            html,
            mail,
        })
    }
}

/// Undefined variables are errors, and HTML templates escape all values but links.
fn environment(site: Site) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    environment.add_test("greetable", is_greetable);
    environment.add_filter("one_line", one_line);
    environment.add_filter("time", time);
    environment.add_filter("wrap", wrap);
    environment.add_filter("claim_reason", claim_reason);
    let (pages, codes) = (site.clone(), site.clone());
    environment.add_function("claim_code", move |id: &str| codes.claim_code(id));
    environment.add_function("page", move |page: &str| pages.page(page));
    environment.add_function("secret_link", move |purpose: &str, id: &str| {
        site.secret_link(purpose, id)
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

impl Site {
    /// Marked safe: the URL has no characters to escape.
    fn page(&self, page: &str) -> Value {
        Value::from_safe_string(format!("{}/{page}", self.url))
    }

    /// The page where the secret of this purpose and id is good.
    fn secret_link(&self, purpose: &str, id: &str) -> Result<Value, minijinja::Error> {
        let purpose =
            LinkPurpose::from_name(purpose).ok_or_else(|| bad("a link has no such purpose"))?;
        let id = id.parse().map_err(|_| bad("a link has no such id"))?;
        let token = || self.links.text(purpose, id);
        Ok(self.page(&match purpose {
            LinkPurpose::VerifyEmail | LinkPurpose::ApproveEmail => {
                format!("verify-email?token={}", token())
            }
            LinkPurpose::ConfirmEmailChange => format!("confirm-email?token={}", token()),
            LinkPurpose::UndoEmailChange => format!("undo-email-change?token={}", token()),
            LinkPurpose::DisownClaim => format!("not-me?token={}", token()),
            LinkPurpose::ResetPassword => {
                format!("reset-password/{}", self.links.uuid(purpose, id))
            }
        }))
    }
}

impl Site {
    /// The code of an invitation, for people.
    fn claim_code(&self, id: &str) -> Result<String, minijinja::Error> {
        let id: uuid::Uuid = id
            .parse()
            .map_err(|_| bad("an invitation has no such id"))?;
        Ok(self.codes.code(id.into()).text())
    }
}

fn bad(detail: &'static str) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, detail)
}

/// Whether the name looks like one. A stranger can register any address, so a mail must not carry
/// their text or links in the name.
fn is_greetable(name: &str) -> bool {
    let in_a_name = |c: char| {
        let is_combining_mark = ('\u{300}'..='\u{36f}').contains(&c);
        c.is_alphabetic() || is_combining_mark || " '’-".contains(c)
    };
    // A dot may end an initial, but not join words as in a host name. Mail programs turn host names
    // into links.
    let without_initials = name.replace(". ", " ");
    let without_initials = without_initials
        .strip_suffix('.')
        .unwrap_or(&without_initials);
    name.chars().count() <= MAX_GREETED_CHARS && without_initials.chars().all(in_a_name)
}

/// The device name without control characters, truncated.
fn one_line(name: &str) -> String {
    let printable = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(MAX_DEVICE_CHARS).collect()
}

/// The text in lines that mail servers and narrow screens take. Longer words are cut.
fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / WRAP);
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            wrapped.push('\n');
        }
        let mut length = 0;
        for word in line.split(' ') {
            if length > 0 && length + 1 + word.chars().count() > WRAP {
                wrapped.push('\n');
                length = 0;
            } else if length > 0 {
                wrapped.push(' ');
                length += 1;
            }
            for c in word.chars() {
                if length == WRAP {
                    wrapped.push('\n');
                    length = 0;
                }
                wrapped.push(c);
                length += 1;
            }
        }
    }
    wrapped
}

fn claim_reason(name: &str) -> &'static str {
    match ReasonCode::from_name(name) {
        Some(ReasonCode::NotFound) => "no record fits what you wrote",
        Some(ReasonCode::NamesDiffer) => "the names of your account and of the record differ",
        Some(ReasonCode::MoreDetails) => "the office needs more details to find you",
        Some(ReasonCode::EvidenceInsufficient) => "what you sent does not prove the claim",
        Some(ReasonCode::AnotherAccount) => "you have another account",
        Some(ReasonCode::NotThisPerson) => "the record is another person's",
        Some(ReasonCode::RegisterWrong) => "the office corrects the register first",
        Some(ReasonCode::Other) | None => "see the message of the office",
    }
}

fn time(time: &str) -> Result<String, minijinja::Error> {
    let time: DateTime<Utc> = time.parse().map_err(|_| bad("it is no time"))?;
    Ok((time + WEST_AFRICA)
        .format("%-d %B %Y at %H:%M (West Africa Time)")
        .to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use abu_application::platform::mail::MailKind;
    use abu_domain::{
        MailId,
        platform::text::{EmailAddress, PersonName},
    };
    use uuid::Uuid;

    use super::*;
    use abu_security::{HmacClaimCodes, HmacLinkTokens};

    const SITE: &str = "https://alumni.example/app";

    fn links() -> Arc<dyn LinkTokens> {
        Arc::new(HmacLinkTokens::new(b"a secret of the test's own"))
    }

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
    }

    /// One content of each kind, for this first name.
    fn every_content_to(firstname: &str) -> Vec<MailContent> {
        let id = Uuid::from_u128(7);
        let name = || PersonName::parse(firstname).unwrap();
        vec![
            MailContent::VerifyEmail {
                verification_id: id,
                firstname: name(),
            },
            MailContent::AccountExists { firstname: name() },
            MailContent::ResetPassword {
                reset_id: id,
                firstname: name(),
            },
            MailContent::PasswordChanged {
                firstname: name(),
                at: at(),
            },
            MailContent::EmailChangeConfirm {
                verification_id: id,
                firstname: name(),
            },
            MailContent::EmailChanged {
                change_id: id,
                firstname: name(),
                new_address_masked: EmailAddress::parse("b&b@example.com").unwrap().masked(),
                undo_until: at(),
            },
            MailContent::EmailChangeUndone {
                reset_id: id,
                firstname: name(),
            },
            MailContent::RefreshReused {
                firstname: name(),
                device_name: Some("Chrome on Android".to_owned()),
                at: at(),
            },
            MailContent::TotpEnabled {
                firstname: name(),
                at: at(),
            },
            MailContent::TotpDisabled {
                firstname: name(),
                at: at(),
            },
            MailContent::TotpWrong {
                firstname: name(),
                at: at(),
            },
            MailContent::ChoosePassword {
                reset_id: id,
                firstname: name(),
            },
            MailContent::VerifyFurtherEmail {
                verification_id: id,
                firstname: name(),
            },
            MailContent::EmailAdded {
                firstname: name(),
                new_address_masked: EmailAddress::parse("b&b@example.com").unwrap().masked(),
            },
            MailContent::AddressInUse { firstname: name() },
            MailContent::EmailReplaced {
                firstname: name(),
                new_address_masked: EmailAddress::parse("b&b@example.com").unwrap().masked(),
            },
            MailContent::ConfirmAccountEmail {
                verification_id: id,
                firstname: name(),
            },
            MailContent::TotpReset {
                firstname: name(),
                at: at(),
            },
            MailContent::ApproveEmail {
                verification_id: id,
                firstname: name(),
                new_address_masked: EmailAddress::parse("b&b@example.com").unwrap().masked(),
            },
            MailContent::ErasureScheduled {
                firstname: name(),
                at: at(),
            },
            MailContent::AccountErased { firstname: name() },
            MailContent::ExportReady {
                firstname: name(),
                until: at(),
            },
            MailContent::ClaimUnderReview {
                firstname: name(),
                due_at: at(),
            },
            MailContent::ClaimInfoRequested {
                firstname: name(),
                reason: Some("more-details".to_owned()),
                message: Some("Which year?\nAnd which department?".to_owned()),
            },
            MailContent::ClaimVerified { firstname: name() },
            MailContent::ClaimRejected {
                firstname: name(),
                reason: Some("more-details".to_owned()),
                message: Some("Which year?\nAnd which department?".to_owned()),
            },
            MailContent::ClaimWithdrawn {
                firstname: name(),
                expired: true,
            },
            MailContent::ClaimRevoked {
                firstname: name(),
                reason: None,
                message: None,
            },
            MailContent::ClaimOnYourRecord {
                firstname: name(),
                at: at(),
            },
            MailContent::ClaimMailboxCode {
                invitation_id: id,
                firstname: name(),
                expires_at: at(),
            },
            MailContent::ClaimInvitation {
                invitation_id: id,
                firstname: name(),
                expires_at: at(),
            },
        ]
    }

    pub(crate) fn every_content() -> Vec<MailContent> {
        every_content_to("Amina")
    }

    pub(crate) fn rendered(content: MailContent) -> RenderedMail {
        let mail = Mail {
            id: MailId::new(Uuid::from_u128(1)),
            recipient: EmailAddress::parse("amina@example.com").unwrap(),
            content,
            created_at: at(),
        };
        let codes = Arc::new(HmacClaimCodes::new(b"a secret of the test's own"));
        let templates = Templates::new(SITE.to_owned(), links(), codes);
        templates.render(mail).unwrap()
    }

    /// The link of the mail of that kind.
    fn link(kind: MailKind) -> String {
        let (id, links) = (Uuid::from_u128(7), links());
        let reset = links.uuid(LinkPurpose::ResetPassword, id);
        match kind {
            MailKind::VerifyEmail
            | MailKind::VerifyFurtherEmail
            | MailKind::ConfirmAccountEmail => {
                format!(
                    "{SITE}/verify-email?token={}",
                    links.text(LinkPurpose::VerifyEmail, id)
                )
            }
            MailKind::ApproveEmail => format!(
                "{SITE}/verify-email?token={}",
                links.text(LinkPurpose::ApproveEmail, id)
            ),
            MailKind::EmailChangeConfirm => format!(
                "{SITE}/confirm-email?token={}",
                links.text(LinkPurpose::ConfirmEmailChange, id)
            ),
            MailKind::EmailChanged => format!(
                "{SITE}/undo-email-change?token={}",
                links.text(LinkPurpose::UndoEmailChange, id)
            ),
            MailKind::ResetPassword | MailKind::EmailChangeUndone | MailKind::ChoosePassword => {
                format!("{SITE}/reset-password/{reset}")
            }
            MailKind::AccountExists | MailKind::AddressInUse | MailKind::EmailReplaced => {
                format!("{SITE}/log-in")
            }
            MailKind::PasswordChanged
            | MailKind::EmailAdded
            | MailKind::RefreshReused
            | MailKind::TotpEnabled
            | MailKind::TotpDisabled
            | MailKind::TotpWrong
            | MailKind::TotpReset => format!("{SITE}/forgot-password"),
            MailKind::ErasureScheduled | MailKind::ExportReady => format!("{SITE}/privacy"),
            MailKind::AccountErased => format!("{SITE}/register"),
            MailKind::ClaimUnderReview
            | MailKind::ClaimInfoRequested
            | MailKind::ClaimVerified
            | MailKind::ClaimRejected
            | MailKind::ClaimWithdrawn
            | MailKind::ClaimRevoked
            | MailKind::ClaimOnYourRecord => format!("{SITE}/claims"),
            MailKind::ClaimMailboxCode | MailKind::ClaimInvitation => format!(
                "{SITE}/not-me?token={}",
                links.text(LinkPurpose::DisownClaim, id)
            ),
        }
    }

    #[test]
    fn every_kind_renders_text_and_html_with_its_link_and_reason() {
        let contents = every_content();
        let kinds: Vec<_> = contents.iter().map(MailContent::kind).collect();
        assert_eq!(kinds, MailKind::ALL);
        for content in contents {
            let kind = content.kind();
            let mail = rendered(content);
            assert!((8..60).contains(&mail.subject.len()), "{}", mail.subject);
            assert!(!mail.subject.contains('\n'), "{}", mail.subject);
            assert!(
                mail.html
                    .contains(&format!("<title>{}</title>", mail.subject))
            );
            for text in [&mail.text, &mail.html] {
                let link = link(kind);
                assert!(text.contains(&link), "no {link} in:\n{text}");
                assert!(text.contains("Hello Amina,"), "{text}");
                assert!(text.contains("You get this mail because "), "{text}");
                assert!(text.contains(&format!("{SITE}/")), "{text}");
                assert!(!text.contains("{{") && !text.contains("{%"), "{text}");
                // SMTP servers may refuse longer lines.
                assert!(text.lines().all(|line| line.len() < 900), "{text}");
            }
            assert!(!mail.text.contains('<'), "{}", mail.text);
            assert!(mail.html.contains(&format!("href=\"{}\"", link(kind))));
        }
    }

    #[test]
    fn the_code_of_an_invitation_is_shown_and_messages_are_wrapped_and_escaped() {
        let code = HmacClaimCodes::new(b"a secret of the test's own");
        let code = ClaimCodes::code(&code, Uuid::from_u128(7).into());
        for content in every_content() {
            let has_code = matches!(
                content.kind(),
                MailKind::ClaimMailboxCode | MailKind::ClaimInvitation
            );
            let mail = rendered(content);
            for text in [&mail.text, &mail.html] {
                assert_eq!(text.contains(&code.text()), has_code, "{text}");
            }
        }
        let mail = rendered(MailContent::ClaimRejected {
            firstname: PersonName::parse("Amina").unwrap(),
            reason: None,
            message: Some(format!(
                "<b>{}</b> {}",
                "word ".repeat(50),
                "x".repeat(2_000)
            )),
        });
        assert!(!mail.html.contains("<b>") && mail.html.contains("&lt;b&gt;word"));
        assert!(mail.text.lines().all(|line| line.len() < 100));
    }

    #[test]
    fn a_verification_mail_has_this_subject_and_text() {
        let mail = rendered(every_content().remove(0));
        assert_eq!(mail.subject, "Confirm your e-mail address");
        let expected = format!(
            "Hello Amina,\n\n\
             Welcome to ABU Alumni Connect! Confirm that this address is yours and choose\n\
             a password, and you are in.\n\n\
             Confirm my address and choose a password:\n{}\n\n\
             If it was not you who registered, you need do nothing. Without the\n\
             confirmation the account cannot be used.\n\n\
             You get this mail because your address was given in a registration at ABU Alumni Connect.\n\n\
             ABU Alumni Connect, for the alumni of Ahmadu Bello University, Zaria\n{SITE}/\n",
            link(MailKind::VerifyEmail)
        );
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn names_and_devices_are_escaped_in_html_and_stay_on_one_line() {
        for content in every_content_to("D'Arcy") {
            let mail = rendered(content);
            assert!(mail.text.contains("Hello D'Arcy,"), "{}", mail.text);
            assert!(mail.html.contains("Hello D&#x27;Arcy,"), "{}", mail.html);
        }
        let mail = rendered(MailContent::RefreshReused {
            firstname: PersonName::parse("Amina").unwrap(),
            device_name: Some("<b>A \"phone\"</b>\r\nBcc: x@example.com".to_owned()),
            at: at(),
        });
        assert!(!mail.html.contains("<b>"), "{}", mail.html);
        assert!(
            mail.html.contains("&lt;b&gt;A &quot;phone&quot;"),
            "{}",
            mail.html
        );
        assert!(!mail.text.contains("\nBcc"), "{}", mail.text);
    }

    #[test]
    fn a_greeting_omits_text_that_is_no_name() {
        for name in [
            "Amina",
            "Ṣẹ́gun",
            "Hajiya Amina",
            "A. B.",
            "O’Brien-Bello",
            "أمينة",
        ] {
            assert!(is_greetable(name), "{name:?}");
        }
        for name in [
            "evil.example",
            "https://evil.example/",
            "see www.evil.example",
            "x@evil.example",
            "A. evil.example",
            "<b>Amina</b>",
            "You won 5000",
            "Amina\u{202e}",
            "{{ link }}",
            "a name that goes on and on and on and on and on",
        ] {
            assert!(!is_greetable(name), "{name:?}");
        }
        for content in every_content_to("Win https://evil.example") {
            let mail = rendered(content);
            assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
            assert!(!mail.html.contains("evil.example"), "{}", mail.html);
        }
    }

    #[test]
    fn times_are_in_west_africa_time() {
        let at = at().to_rfc3339();
        assert_eq!(
            time(&at).unwrap(),
            "15 January 2027 at 09:00 (West Africa Time)"
        );
    }
}
