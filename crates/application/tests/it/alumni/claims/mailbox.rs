use abu_application::{
    alumni::{claims::ClaimError, ports::ClaimCodes},
    identity::ports::{LinkPurpose, LinkTokens, token_from_text},
    platform::mail::MailContent,
};
use abu_domain::{
    ClaimId,
    alumni::claims::{ClaimState, Method},
};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{FATIMA, Graduate, app, codes, limited};
use crate::support::{Member, TestApp, assert_refused};

impl TestApp {
    /// Asks for a code, and returns the addresses that got one, with the ids of the invitations.
    async fn ask(&self, member: &Member, id: ClaimId) -> Vec<(String, Uuid)> {
        self.take_mails();
        let claims = &self.use_cases.alumni.claims;
        claims.ask_mailbox(member.caller(), id).await.unwrap();
        self.run_jobs("claim_mailbox");
        let mails = self.take_mails().into_iter();
        let codes = mails.filter_map(|mail| match mail.content {
            MailContent::ClaimMailboxCode { invitation_id, .. } => {
                Some((mail.recipient.as_str().to_owned(), invitation_id))
            }
            _ => None,
        });
        codes.collect()
    }
}

#[tokio::test]
async fn a_code_to_the_address_on_record_verifies_the_claim() {
    let app = app();
    FATIMA.register(&app);
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    let sent = app.ask(&fatima, id).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, "fatima.1990@example.com");
    let code = codes().code(sent[0].1.into());
    // The code is good for that claim alone.
    let other = app.fatima();
    let foreign = app.submitted(&other).await;
    let claims = &app.use_cases.alumni.claims;
    let refused = claims.redeem(other.caller(), foreign, code.clone()).await;
    assert_refused!(refused, ClaimError::BadCode);
    let proved = claims.redeem(fatima.caller(), id, code).await.unwrap();
    let claim = proved.record.claim;
    let verified = (ClaimState::Verified, Some(Method::Mailbox));
    assert_eq!((claim.state, claim.method), verified);
}

#[tokio::test]
async fn a_code_from_the_mailbox_is_good_for_twenty_minutes() {
    let app = app();
    FATIMA.register(&app);
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    let sent = app.ask(&fatima, id).await;
    app.clock.advance(TimeDelta::minutes(20));
    let code = codes().code(sent[0].1.into());
    let claims = &app.use_cases.alumni.claims;
    let late = claims.redeem(fatima.caller(), id, code).await;
    assert_refused!(late, ClaimError::BadCode);
}

#[tokio::test]
async fn nothing_is_mailed_without_one_clear_record() {
    let no_address = Graduate {
        email: None,
        ..FATIMA
    };
    let far = Graduate {
        matric: Some("U99AA0001"),
        year: 2018,
        department: "history",
        ..FATIMA
    };
    let other_names = Graduate {
        surname: "Obi",
        given_names: "Ada",
        ..FATIMA
    };
    for graduates in [
        vec![],
        vec![no_address],
        vec![far],
        vec![other_names],
        vec![FATIMA, FATIMA],
    ] {
        let app = app();
        for graduate in graduates {
            graduate.register(&app);
        }
        let fatima = app.fatima();
        let id = app.submitted(&fatima).await;
        assert_eq!(app.ask(&fatima, id).await, []);
    }
}

#[tokio::test]
async fn nothing_is_mailed_about_a_record_of_another_account() {
    let app = app();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(app.fatima().caller(), code, true);
    accepted.await.unwrap();
    let second = app.fatima();
    let id = app.submitted(&second).await;
    assert_eq!(app.ask(&second, id).await, []);
}

#[tokio::test]
async fn an_address_gets_two_codes_a_day_and_five_a_month_whoever_asks() {
    let app = app();
    FATIMA.register(&app);
    let mut sent = Vec::new();
    for _day in 0..3 {
        for _ in 0..3 {
            let asker = app.fatima();
            let id = app.submitted(&asker).await;
            sent.push(app.ask(&asker, id).await.len());
        }
        app.clock.advance(TimeDelta::days(1));
    }
    assert_eq!(sent, [1, 1, 0, 1, 1, 0, 1, 0, 0]);
}

#[tokio::test]
async fn the_owner_of_the_mailbox_stops_the_mails_and_flags_the_claim() {
    let app = app();
    FATIMA.register(&app);
    let thief = app.fatima();
    let id = app.submitted(&thief).await;
    let sent = app.ask(&thief, id).await;
    let token = app.links().text(LinkPurpose::DisownClaim, sent[0].1);
    let token = token_from_text(&token).unwrap();
    let claims = &app.use_cases.alumni.claims;
    claims.disown(token).await.unwrap();
    claims.disown(token).await.unwrap();
    let claim = app.store(|tx| tx.claim(id)).unwrap().claim;
    assert!(claim.flagged_at.is_some() && claim.needs_second);
    assert_eq!(app.ask(&thief, id).await, []);
    app.clock.advance(TimeDelta::days(90));
    assert_eq!(app.ask(&thief, id).await.len(), 1);
    assert_refused!(claims.disown([0; 32]).await, ClaimError::BadLink);
}

#[tokio::test]
async fn codes_are_asked_for_three_times_a_day() {
    let app = limited();
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    for _ in 0..3 {
        claims.ask_mailbox(fatima.caller(), id).await.unwrap();
    }
    let fourth = claims.ask_mailbox(fatima.caller(), id).await;
    assert_refused!(fourth, ClaimError::RateLimited(_));
}
