use abu_application::{
    access::AccessError,
    alumni::{claims::ClaimError, ports::ClaimFilter},
    platform::{
        audit::Action,
        lists::{ListRequest, Seek},
        mail::{MailContent, MailKind},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    ClaimId, RecordId,
    access::Permission,
    alumni::{
        claims::{ClaimMessage, ClaimState, EventKind, Method, ReasonCode, Refusal},
        visibility::Audience,
    },
    identity::user::Verification,
};
use chrono::TimeDelta;

use super::{FATIMA, Graduate, app};
use crate::support::{Member, TestApp, assert_refused};

fn message() -> ClaimMessage {
    ClaimMessage::parse("Which year?").unwrap()
}

impl TestApp {
    pub(in crate::alumni) async fn approve(
        &self,
        reviewer: &Member,
        id: ClaimId,
        record: RecordId,
    ) -> Result<ClaimState, ClaimError> {
        let claims = &self.use_cases.alumni.claims;
        let approved = claims
            .approve(reviewer.caller(), id, Some(record), Expected::Anything)
            .await?;
        Ok(approved.record.claim.state)
    }

    pub(super) async fn reject(
        &self,
        reviewer: &Member,
        id: ClaimId,
    ) -> Result<ClaimState, ClaimError> {
        let claims = &self.use_cases.alumni.claims;
        let (reason, text) = (ReasonCode::NotFound, Some(message()));
        let rejected = claims
            .reject(reviewer.caller(), id, reason, text, Expected::Anything)
            .await?;
        Ok(rejected.record.claim.state)
    }

    pub(super) async fn ask_applicant(&self, reviewer: &Member, id: ClaimId) {
        let claims = &self.use_cases.alumni.claims;
        let reason = ReasonCode::MoreDetails;
        claims
            .request_info(reviewer.caller(), id, reason, message(), Expected::Anything)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_reviewer_sees_candidates_with_scores_that_explain_themselves() {
    let app = app();
    let record = FATIMA.register(&app);
    let namesake = Graduate {
        matric: Some("U99AA0001"),
        year: 2018,
        department: "math",
        ..FATIMA
    };
    let namesake = namesake.register(&app);
    let stranger = Graduate {
        surname: "Obi",
        given_names: "Ada",
        matric: None,
        ..FATIMA
    };
    stranger.register(&app);
    let id = app.submitted(&app.applicant("Fatimah", "Bello")).await;
    let claims = &app.use_cases.alumni.claims;
    let reviewed = claims.get(app.reviewer().caller(), id).await.unwrap();
    let found: Vec<_> = reviewed
        .candidates
        .iter()
        .map(|candidate| candidate.record.id)
        .collect();
    assert_eq!(found, [record, namesake]);
    let best = &reviewed.candidates[0].score;
    let notes: Vec<_> = best.parts.iter().map(|part| part.note.as_str()).collect();
    assert!(best.total > 0.95, "{best:?}");
    assert!(notes[0].starts_with("fatimah = fatima ("), "{notes:?}");
    assert_eq!(notes[1..], ["equal"; 4]);
    let other = &reviewed.candidates[1].score;
    assert_eq!(other.parts[2].note, "1 year apart");
    assert_eq!(other.parts[3].note, "same faculty");
    // Looking changes nothing.
    assert_eq!(app.claim_state(id), ClaimState::Submitted);
}

#[tokio::test]
async fn one_right_name_finds_a_record_within_its_set() {
    let app = app();
    let record = FATIMA.register(&app);
    let mut draft = super::draft();
    draft.awards[0].matric = None;
    let claims = &app.use_cases.alumni.claims;
    let typo = app.applicant("Fatima", "Balo");
    draft.awards[0].surname_at_graduation = typo.user.lastname.clone();
    let made = claims.create(typo.caller(), draft).await.unwrap();
    let id = made.record.claim.id;
    let reviewed = claims.get(app.reviewer().caller(), id).await.unwrap();
    assert_eq!(reviewed.candidates[0].record.id, record);
}

#[tokio::test]
async fn an_approval_verifies_account_group_mail_and_audit_together() {
    let app = app();
    let record = FATIMA.register(&app);
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    app.take_mails();
    let state = app.approve(&app.reviewer(), id, record).await.unwrap();
    assert_eq!(state, ClaimState::Verified);
    let user = app.user(fatima.id());
    assert_eq!(user.verification, Verification::Verified);
    assert_eq!(user.groups, ["verified_alumni_group"]);
    assert_eq!(app.mailed(), [MailKind::ClaimVerified]);
    let entry = app.audit().pop().unwrap().row;
    assert_eq!(entry.action, Action::ClaimApprove.name());
    assert!(entry.details.contains(&record.to_string()));
    let claim = app.store(|tx| tx.claim(id)).unwrap().claim;
    assert_eq!(claim.method, Some(Method::Review));
}

#[tokio::test]
async fn a_record_that_proves_little_takes_two_reviewers() {
    let no_matric = Graduate {
        matric: None,
        ..FATIMA
    };
    let honorary = Graduate {
        degree: "honorary-lld",
        ..FATIMA
    };
    let far = Graduate {
        matric: Some("U99AA0001"),
        year: 2001,
        department: "history",
        ..FATIMA
    };
    for graduate in [no_matric, honorary, far] {
        let app = app();
        let record = graduate.register(&app);
        let id = app.submitted(&app.fatima()).await;
        let (one, other) = (app.reviewer(), app.reviewer());
        let state = app.approve(&one, id, record).await.unwrap();
        assert_eq!(state, ClaimState::InReview);
        assert_refused!(
            app.approve(&one, id, record).await,
            ClaimError::Refused(Refusal::AlreadyVoted)
        );
        let state = app.approve(&other, id, record).await.unwrap();
        assert_eq!(state, ClaimState::Verified);
    }
}

#[tokio::test]
async fn a_colleague_s_claim_takes_two_reviewers() {
    let app = app();
    let record = FATIMA.register(&app);
    let colleague = app
        .member()
        .with(|user| user.name("Fatima", "Bello"))
        .holding(&[Permission::ViewUser])
        .create();
    let id = app.submitted(&colleague).await;
    let state = app.approve(&app.reviewer(), id, record).await.unwrap();
    assert_eq!(state, ClaimState::InReview);
}

#[tokio::test]
async fn two_approvals_of_different_records_do_not_agree() {
    let app = app();
    let no_matric = Graduate {
        matric: None,
        ..FATIMA
    };
    let (record, namesake) = (no_matric.register(&app), no_matric.register(&app));
    let id = app.submitted(&app.fatima()).await;
    let [one, two, three] = [app.reviewer(), app.reviewer(), app.reviewer()];
    app.approve(&one, id, record).await.unwrap();
    let state = app.approve(&two, id, namesake).await.unwrap();
    assert_eq!(state, ClaimState::InReview);
    let claims = &app.use_cases.alumni.claims;
    let seen = claims.get(three.caller(), id).await.unwrap();
    assert_eq!(seen.record.claim.votes.len(), 2);
    assert_eq!(seen.events.last().unwrap().kind, EventKind::Disagreed);
    let state = app.approve(&three, id, record).await.unwrap();
    assert_eq!(state, ClaimState::Verified);
}

#[tokio::test]
async fn a_rejection_says_why_to_the_applicant() {
    let app = app();
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    app.take_mails();
    app.reject(&app.reviewer(), id).await.unwrap();
    assert_eq!(app.verification(&fatima), Verification::Unverified);
    let mails = app.take_mails();
    assert_eq!(
        mails[0].content,
        MailContent::ClaimRejected {
            firstname: fatima.user.firstname.clone(),
            reason: Some("not-found".to_owned()),
            message: Some("Which year?".to_owned()),
        }
    );
    let claims = &app.use_cases.alumni.claims;
    let own = claims.get_own(fatima.caller(), id).await.unwrap();
    let last = own.events.last().unwrap();
    assert_eq!(last.reason, Some(ReasonCode::NotFound));
    let mut kinds = own.events.iter().map(|event| event.kind);
    assert!(kinds.all(EventKind::is_visible_to_applicant));
    app.claim_of(&fatima).await;
}

#[tokio::test]
async fn no_one_decides_their_own_claim_or_without_the_permission() {
    let app = app();
    let record = FATIMA.register(&app);
    let reviewer = app
        .member()
        .with(|user| user.name("Fatima", "Bello"))
        .holding(&[Permission::VerifyAlumni])
        .create();
    let id = app.submitted(&reviewer).await;
    assert_refused!(
        app.approve(&reviewer, id, record).await,
        ClaimError::Refused(Refusal::OwnClaim)
    );
    let member = app.fatima();
    assert_refused!(
        app.approve(&member, id, record).await,
        ClaimError::Access(AccessError::Denied(Permission::VerifyAlumni))
    );
    let claims = &app.use_cases.alumni.claims;
    assert_refused!(
        claims.get(member.caller(), id).await,
        ClaimError::Access(AccessError::Denied(Permission::VerifyAlumni))
    );
}

#[tokio::test]
async fn an_opened_claim_is_one_reviewer_s_for_a_quarter_of_an_hour() {
    let app = app();
    let id = app.submitted(&app.fatima()).await;
    let (one, other) = (app.reviewer(), app.reviewer());
    let claims = &app.use_cases.alumni.claims;
    claims.open(one.caller(), id).await.unwrap();
    assert_refused!(
        claims.open(other.caller(), id).await,
        ClaimError::Refused(Refusal::Leased(_))
    );
    assert_refused!(
        app.reject(&other, id).await,
        ClaimError::Refused(Refusal::Leased(_))
    );
    app.clock.advance(TimeDelta::minutes(15));
    claims.open(other.caller(), id).await.unwrap();
}

#[tokio::test]
async fn a_decision_on_an_older_state_is_refused() {
    let app = app();
    let id = app.submitted(&app.fatima()).await;
    let seen = app.store(|tx| tx.claim(id)).unwrap().claim.last_modified;
    app.clock.advance(TimeDelta::seconds(1));
    let reviewer = app.reviewer();
    let claims = &app.use_cases.alumni.claims;
    claims.open(reviewer.caller(), id).await.unwrap();
    let stale = Expected::OneOf(vec![Version::of(seen)]);
    let refused = claims
        .reject(reviewer.caller(), id, ReasonCode::Other, None, stale)
        .await;
    assert_refused!(refused, ClaimError::Changed(_));
}

#[tokio::test]
async fn a_question_stops_the_clock_until_the_answer() {
    let app = app();
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    app.ask_applicant(&app.reviewer(), id).await;
    assert_eq!(app.claim_state(id), ClaimState::NeedsInfo);
    let due = app.store(|tx| tx.claim(id)).unwrap().claim.due_at.unwrap();
    app.clock.advance(TimeDelta::days(10));
    let overdue = || app.store(|tx| tx.overdue_claims(app.now()));
    assert_eq!(overdue(), 0);
    let claims = &app.use_cases.alumni.claims;
    let answered = claims.answer(fatima.caller(), id, message()).await.unwrap();
    let claim = answered.record.claim;
    assert_eq!(claim.state, ClaimState::InReview);
    assert!(claim.due_at.unwrap() > due + TimeDelta::days(6));
    app.clock.advance(TimeDelta::days(10));
    assert_eq!(overdue(), 1);
}

#[tokio::test]
async fn an_unanswered_question_ends_the_claim_after_thirty_days() {
    let app = app();
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    app.ask_applicant(&app.reviewer(), id).await;
    app.clock.advance(TimeDelta::days(30));
    app.take_mails();
    app.run_jobs_until(|| {
        // The hour until its first run is over.
        app.database.execute(
            "UPDATE jobs SET next_attempt_at = now()
             WHERE kind = 'claim_expiry' AND leased_until IS NULL",
        );
        app.claim_state(id) == ClaimState::Withdrawn
    });
    assert_eq!(app.mailed(), [MailKind::ClaimWithdrawn]);
    assert_eq!(app.verification(&fatima), Verification::Unverified);
}

#[tokio::test]
async fn a_revocation_takes_two_reviewers_and_takes_the_group() {
    let app = app();
    let record = FATIMA.register(&app);
    let fatima = app.fatima();
    let id = app.submitted(&fatima).await;
    let (one, other) = (app.reviewer(), app.reviewer());
    app.approve(&one, id, record).await.unwrap();
    app.take_mails();
    let claims = &app.use_cases.alumni.claims;
    let revoke = |reviewer: &Member| {
        let reason = ReasonCode::NotThisPerson;
        claims.revoke(reviewer.caller(), id, reason, None, Expected::Anything)
    };
    let proposed = revoke(&one).await.unwrap();
    assert_eq!(proposed.record.claim.state, ClaimState::Verified);
    assert!(app.take_mails().is_empty());
    assert_refused!(
        revoke(&one).await,
        ClaimError::Refused(Refusal::AlreadyVoted)
    );
    let revoked = revoke(&other).await.unwrap();
    assert_eq!(revoked.record.claim.state, ClaimState::Revoked);
    let user = app.user(fatima.id());
    assert_eq!(user.verification, Verification::Revoked);
    assert_eq!(user.groups, ["applicant_group"]);
    assert_eq!(app.mailed(), [MailKind::ClaimRevoked]);
    let profiles = &app.use_cases.alumni.profiles;
    let own = profiles.get_own(fatima.caller(), Audience::Owner).await;
    assert!(own.unwrap().visible.awards().is_empty());
    app.claim_of(&fatima).await;
}

#[tokio::test]
async fn a_record_of_another_account_is_not_approved() {
    let app = app();
    let record = FATIMA.register(&app);
    let reviewer = app.reviewer();
    let id = app.submitted(&app.fatima()).await;
    app.approve(&reviewer, id, record).await.unwrap();
    let id = app.submitted(&app.fatima()).await;
    assert_refused!(
        app.approve(&reviewer, id, record).await,
        ClaimError::RecordClaimed
    );
}

#[tokio::test]
async fn the_queue_shows_the_most_urgent_first_and_filters() {
    let app = app();
    let reviewer = app.reviewer();
    let claims = &app.use_cases.alumni.claims;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.submitted(&app.fatima()).await);
        app.clock.advance(TimeDelta::days(7));
    }
    let list = async |filter: ClaimFilter, seek, limit| {
        let page = ListRequest {
            seek,
            limit,
            count: true,
        };
        let listed = claims.queue(reviewer.caller(), filter, page).await.unwrap();
        let items = listed.items.iter();
        items
            .map(|item| item.record.claim.id)
            .collect::<Vec<ClaimId>>()
    };
    let all = ClaimFilter::default;
    assert_eq!(list(all(), Seek::START, 10).await, ids);
    assert_eq!(list(all(), Seek::Before(None), 2).await, ids[1..]);
    app.submitted(&app.fatima()).await;
    let overdue = ClaimFilter {
        overdue: true,
        ..all()
    };
    assert_eq!(list(overdue, Seek::START, 10).await, ids);
    let of = |faculty: &str| ClaimFilter {
        faculties: vec![faculty.to_owned()],
        ..all()
    };
    let sciences = list(of("physical-sciences"), Seek::START, 10).await;
    assert_eq!(sciences.len(), 4);
    assert!(list(of("arts"), Seek::START, 10).await.is_empty());
    let verified = ClaimFilter {
        states: vec![ClaimState::Verified],
        ..all()
    };
    assert!(list(verified, Seek::START, 10).await.is_empty());
}

#[tokio::test]
async fn holidays_of_the_office_delay_the_clock() {
    let app = app();
    let reviewer = app.reviewer();
    let claims = &app.use_cases.alumni.claims;
    let due = |id| app.store(|tx| tx.claim(id)).unwrap().claim.due_at.unwrap();
    let before = app.submitted(&app.fatima()).await;
    for day in 0..14 {
        let day = (app.now() + TimeDelta::days(day)).date_naive();
        let entered = claims.add_holiday(reviewer.caller(), day, "A feast".to_owned());
        entered.await.unwrap();
    }
    let after = app.submitted(&app.fatima()).await;
    assert!(due(after) >= due(before) + TimeDelta::days(10));
    let day = app.now().date_naive();
    claims.remove_holiday(reviewer.caller(), day).await.unwrap();
    assert_refused!(
        claims.remove_holiday(reviewer.caller(), day).await,
        ClaimError::HolidayNotFound
    );
    assert_refused!(
        claims.list_holidays(app.fatima().caller()).await,
        ClaimError::Access(_)
    );
}
