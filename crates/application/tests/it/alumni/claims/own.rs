use abu_application::{
    alumni::claims::{ClaimDraft, ClaimError, ClaimPatch},
    platform::{
        audit::Action,
        lists::{ListRequest, Seek},
        mail::MailKind,
        versions::{Expected, Version},
    },
};
use abu_domain::{
    alumni::claims::{ClaimMessage, ClaimState, ClaimedAward, EventKind, Refusal},
    identity::user::Verification,
    platform::text::PersonName,
};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{FATIMA, Graduate, app, award, draft, limited};
use crate::support::assert_refused;

#[tokio::test]
async fn a_claim_is_made_as_a_draft_and_submitted_to_the_office() {
    let app = app();
    let fatima = app.fatima();
    let claims = &app.use_cases.alumni.claims;
    let made = app.claim_of(&fatima).await;
    assert_eq!(made.record.claim.state, ClaimState::Draft);
    assert_eq!(made.record.names, ["Fatima Bello"]);
    assert!(made.events.is_empty() && app.take_mails().is_empty());
    let id = made.record.claim.id;
    let submitted = claims.submit(fatima.caller(), id).await.unwrap();
    let claim = submitted.record.claim;
    assert_eq!(claim.state, ClaimState::Submitted);
    assert!(claim.due_at.unwrap() >= app.now() + TimeDelta::days(3));
    let kinds: Vec<_> = submitted.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Submitted]);
    assert_eq!(app.verification(&fatima), Verification::Pending);
    let address = fatima.user.email.as_str().to_owned();
    assert_eq!(
        app.take_mail_kinds(),
        [(address, MailKind::ClaimUnderReview)]
    );
    assert_eq!(app.actions(), [Action::ClaimCreate, Action::ClaimSubmit]);
}

#[tokio::test]
async fn the_answer_about_the_directory_is_recorded_as_consent() {
    let app = app();
    app.claim_of(&app.fatima()).await;
    let consents = app.database.texts(
        "SELECT concat_ws(' ', purpose, granted, source) FROM consents WHERE source = 'claim'",
    );
    assert_eq!(consents, ["directory t claim"]);
}

#[tokio::test]
async fn names_at_graduation_are_kept_beside_the_account_s() {
    let app = app();
    let made = app.claim_of(&app.applicant("Fatima", "Sani")).await;
    assert_eq!(made.record.names, ["Fatima Sani", "Fatima Bello"]);
}

#[tokio::test]
async fn codes_that_the_reference_data_lacks_are_refused_by_place() {
    let app = app();
    let mut unknown = award();
    unknown.department = Some("alchemy".to_owned());
    let draft = ClaimDraft {
        awards: vec![award(), unknown],
        list_me: false,
    };
    let claims = &app.use_cases.alumni.claims;
    assert_refused!(
        claims.create(app.fatima().caller(), draft).await,
        ClaimError::Unknown {
            award: 1,
            field: "department",
            ..
        }
    );
}

#[tokio::test]
async fn an_account_has_one_open_claim_and_needs_a_proved_address() {
    let app = app();
    let claims = &app.use_cases.alumni.claims;
    let fatima = app.fatima();
    let id = app.claim_of(&fatima).await.record.claim.id;
    let again = claims.create(fatima.caller(), draft()).await;
    assert_refused!(again, ClaimError::AlreadyOpen);
    claims.withdraw(fatima.caller(), id).await.unwrap();
    app.claim_of(&fatima).await;
    let unproved = app.member().unverified().create();
    let refused = claims.create(unproved.caller(), draft()).await;
    assert_refused!(refused, ClaimError::EmailUnverified);
}

#[tokio::test]
async fn simultaneous_claims_of_one_account_leave_one() {
    let app = app();
    let fatima = app.fatima();
    let claims = &app.use_cases.alumni.claims;
    let tries = (0..8).map(|_| claims.create(fatima.caller(), draft()));
    let made = join_all(tries).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    for refused in made.into_iter().filter(Result::is_err) {
        assert_refused!(refused, ClaimError::AlreadyOpen);
    }
}

#[tokio::test]
async fn another_account_s_claim_is_no_claim() {
    let app = app();
    let (fatima, other) = (app.fatima(), app.fatima());
    let id = app.claim_of(&fatima).await.record.claim.id;
    let claims = &app.use_cases.alumni.claims;
    let seen = claims.get_own(other.caller(), id).await;
    assert_refused!(seen, ClaimError::NotFound);
    let submitted = claims.submit(other.caller(), id).await;
    assert_refused!(submitted, ClaimError::NotFound);
    let page = ListRequest {
        seek: Seek::START,
        limit: 10,
        count: true,
    };
    let listed = claims.list_own(other.caller(), page).await.unwrap();
    assert!(listed.items.is_empty());
}

#[tokio::test]
async fn a_withdrawn_claim_is_over_and_mailed() {
    let app = app();
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    app.take_mails();
    let claims = &app.use_cases.alumni.claims;
    claims.withdraw(fatima.caller(), id).await.unwrap();
    assert_eq!(app.verification(&fatima), Verification::Unverified);
    assert_eq!(app.mailed(), [MailKind::ClaimWithdrawn]);
    assert_refused!(
        claims.withdraw(fatima.caller(), id).await,
        ClaimError::Refused(Refusal::State(ClaimState::Withdrawn))
    );
}

#[tokio::test]
async fn claims_and_messages_are_limited_by_account() {
    let app = limited();
    let fatima = app.fatima();
    let claims = &app.use_cases.alumni.claims;
    for _ in 0..5 {
        let id = app.claim_of(&fatima).await.record.claim.id;
        claims.withdraw(fatima.caller(), id).await.unwrap();
    }
    let sixth = claims.create(fatima.caller(), draft()).await;
    assert_refused!(sixth, ClaimError::RateLimited(_));
    let other = app.fatima();
    let id = app.submitted(&other).await;
    let message = ClaimMessage::parse("Hello?").unwrap();
    for _ in 0..20 {
        let sent = claims.answer(other.caller(), id, message.clone());
        sent.await.unwrap();
    }
    let refused = claims.answer(other.caller(), id, message).await;
    assert_refused!(refused, ClaimError::RateLimited(_));
}

fn history() -> ClaimedAward {
    ClaimedAward {
        surname_at_graduation: PersonName::parse("Sani").unwrap(),
        department: Some("history".to_owned()),
        degree: "ba".to_owned(),
        ..award()
    }
}

#[tokio::test]
async fn a_draft_is_changed_with_its_names_and_its_answer() {
    let app = app();
    let fatima = app.fatima();
    let id = app.claim_of(&fatima).await.record.claim.id;
    let claims = &app.use_cases.alumni.claims;
    let patch = ClaimPatch {
        awards: Some(vec![history()]),
        list_me: Some(false),
    };
    let change = || claims.change(fatima.caller(), id, patch.clone(), Expected::Anything);
    let changed = change().await.unwrap();
    assert_eq!(changed.record.awards, [history()]);
    assert_eq!(changed.record.names, ["Fatima Bello", "Fatima Sani"]);
    assert!(!changed.record.list_me);
    let kinds: Vec<_> = changed.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Changed]);
    assert!(app.take_mails().is_empty());
    let faculties = app.database.texts("SELECT faculties::text FROM claims");
    assert_eq!(faculties, ["{arts}"]);
    let answers = app
        .database
        .texts("SELECT granted::text FROM consents WHERE source = 'claim' ORDER BY 1");
    assert_eq!(answers, ["false", "true"]);
    let again = change().await.unwrap();
    assert_eq!(
        again, changed,
        "a patch that changes nothing leaves no trace"
    );
    assert_eq!(app.actions(), [Action::ClaimCreate, Action::ClaimUpdate]);
}

#[tokio::test]
async fn a_claim_is_changed_only_while_it_waits_for_its_applicant() {
    let app = app();
    let (fatima, reviewer) = (app.fatima(), app.reviewer());
    let id = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    let patch = ClaimPatch {
        awards: Some(vec![history()]),
        list_me: None,
    };
    let change = || claims.change(fatima.caller(), id, patch.clone(), Expected::Anything);
    assert_refused!(
        change().await,
        ClaimError::Refused(Refusal::State(ClaimState::Submitted))
    );
    app.ask_applicant(&reviewer, id).await;
    let changed = change().await.unwrap();
    assert_eq!(changed.record.claim.state, ClaimState::NeedsInfo);
    assert_refused!(
        claims
            .change(reviewer.caller(), id, patch.clone(), Expected::Anything)
            .await,
        ClaimError::NotFound
    );
}

#[tokio::test]
async fn votes_on_what_a_claim_said_before_count_no_more() {
    let app = app();
    let record = Graduate {
        matric: None,
        ..FATIMA
    };
    let record = record.register(&app);
    let (fatima, one, other) = (app.fatima(), app.reviewer(), app.reviewer());
    let id = app.submitted(&fatima).await;
    let state = app.approve(&one, id, record).await.unwrap();
    assert_eq!(state, ClaimState::InReview, "two must agree");
    app.ask_applicant(&other, id).await;
    let claims = &app.use_cases.alumni.claims;
    let patch = ClaimPatch {
        awards: Some(vec![history()]),
        list_me: None,
    };
    let changed = claims.change(fatima.caller(), id, patch, Expected::Anything);
    changed.await.unwrap();
    claims.submit(fatima.caller(), id).await.unwrap();
    let state = app.approve(&other, id, record).await.unwrap();
    assert_eq!(state, ClaimState::InReview, "the first vote is gone");
    let votes = app
        .database
        .texts("SELECT reviewer_id::text FROM claim_decisions");
    assert_eq!(votes, [other.id().to_string()]);
}

#[tokio::test]
async fn a_change_of_an_older_version_is_refused() {
    let app = app();
    let fatima = app.fatima();
    let id = app.claim_of(&fatima).await.record.claim.id;
    let claims = &app.use_cases.alumni.claims;
    let patch = ClaimPatch {
        awards: None,
        list_me: Some(false),
    };
    let older = Expected::OneOf(vec![Version::from_micros(1)]);
    assert_refused!(
        claims.change(fatima.caller(), id, patch, older).await,
        ClaimError::Changed(_)
    );
}
