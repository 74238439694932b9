//! Inspection of sent mail: text, links, recipients.

use std::cell::RefCell;

use abu_test_support::{ReceivedMail, SmtpServer};
use mailparse::{MailHeaderMap, parse_mail};
use serde_json::{Value, json};

use super::support::Rig;

/// The front end that links lead to.
const SITE: &str = "http://localhost:3000/";

/// Where all mail of a rig arrives.
pub(super) struct Post {
    smtp: SmtpServer,
    /// Which mails were opened, by their places.
    opened: RefCell<Vec<usize>>,
}

/// A mail that was opened.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
}

impl Post {
    /// A rig without rate limits whose mail arrives here.
    pub(super) async fn start() -> (Rig, Self) {
        let smtp = SmtpServer::start();
        let rig = Rig::start_with(|settings| {
            smtp.receive_from(settings);
            settings.rate_limits.enabled = false;
        })
        .await;
        let opened = RefCell::default();
        (rig, Self { smtp, opened })
    }

    /// Waits for a mail to this address with this subject, that was not opened yet.
    pub(super) fn letter(&self, to: &str, subject: &str) -> Letter {
        loop {
            let received = self.smtp.received();
            for (place, mail) in received.iter().enumerate() {
                let letter = Letter::of(mail);
                let mut opened = self.opened.borrow_mut();
                if mail.to == to && letter.subject == subject && !opened.contains(&place) {
                    opened.push(place);
                    return letter;
                }
            }
            self.smtp.wait_for(received.len() + 1);
        }
    }

    /// Opens the link of a registration of this address with this password; returns the log-in.
    pub(super) async fn complete(&self, rig: &Rig, email: &str, password: &str) -> Value {
        let letter = self.letter(email, "Confirm your e-mail address");
        let body = json!({"token": letter.link("verify-email"), "password": password});
        let call = rig.post("/api/v1/auth/verify-email").json(&body);
        call.send().await.expect(200)
    }

    /// Recipients and subjects of all mails so far, sorted.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let received = self.smtp.received();
        let mut all: Vec<_> = received
            .iter()
            .map(|mail| (mail.to.clone(), Letter::of(mail).subject))
            .collect();
        all.sort();
        all
    }
}

impl Letter {
    fn of(mail: &ReceivedMail) -> Self {
        let parsed = parse_mail(mail.message.as_bytes()).unwrap();
        let text = parsed
            .parts()
            .find(|part| part.ctype.mimetype == "text/plain")
            .unwrap();
        Self {
            subject: parsed.headers.get_first_value("Subject").unwrap(),
            text: text.get_body().unwrap(),
        }
    }

    /// What the link to that page of the front end carries.
    #[track_caller]
    pub(super) fn link(&self, page: &str) -> String {
        let begin = format!("{SITE}{page}");
        let link = self
            .text
            .split_whitespace()
            .find_map(|word| word.strip_prefix(&begin));
        match link {
            Some(carried) => carried
                .trim_start_matches("?token=")
                .trim_start_matches('/')
                .into(),
            None => panic!("no link to {page} in: {}", self.text),
        }
    }
}
