use abu_application::{
    alumni::claims::ClaimError,
    platform::{audit::Action, mail::MailKind},
};
use abu_domain::{
    alumni::{
        claims::{ClaimCode, ClaimState, Method, Refusal},
        visibility::Audience,
    },
    identity::user::Verification,
};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{FATIMA, Graduate, app, limited, unknown_code};
use crate::support::{Member, TestApp, assert_refused};

impl TestApp {
    async fn accept(&self, member: &Member, code: &ClaimCode) -> Result<ClaimState, ClaimError> {
        let claims = &self.use_cases.alumni.claims;
        let own = claims.accept(member.caller(), code.clone(), false).await?;
        Ok(own.record.claim.state)
    }
}

#[tokio::test]
async fn a_good_code_and_fitting_names_verify_at_once() {
    let app = app();
    let fatima = app.fatima();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(fatima.caller(), code, false).await.unwrap();
    let claim = accepted.record.claim;
    let verified = (ClaimState::Verified, Some(Method::Code));
    assert_eq!((claim.state, claim.method), verified);
    let user = app.user(fatima.id());
    assert_eq!(user.verification, Verification::Verified);
    assert_eq!(user.groups, ["verified_alumni_group"]);
    assert_eq!(app.mailed(), [MailKind::ClaimVerified]);
    assert_eq!(app.actions(), [Action::ClaimCreate, Action::ClaimProve]);
    assert_refused!(
        app.accept(&fatima, &unknown_code()).await,
        ClaimError::BadCode
    );
}

#[tokio::test]
async fn a_verified_claim_gives_a_profile_with_the_awards_and_the_listing() {
    let app = app();
    let [fatima, other] = [true, false].map(|list_me| (app.fatima(), list_me));
    let profiles = &app.use_cases.alumni.profiles;
    for (member, list_me) in [fatima, other] {
        let own = || profiles.get_own(member.caller(), Audience::Alumni);
        assert!(own().await.unwrap().visible.awards().is_empty());
        let (_, code) = app.invitation(FATIMA.register(&app));
        let claims = &app.use_cases.alumni.claims;
        claims.accept(member.caller(), code, list_me).await.unwrap();
        let own = own().await.unwrap();
        let years: Vec<i16> = own.visible.awards().iter().map(|it| it.year).collect();
        assert_eq!(years, [2019]);
        assert_eq!(own.visible.display_name(), "Fatima Musa Bello");
        assert_eq!(own.is_shown, list_me);
    }
}

#[tokio::test]
async fn a_code_proves_the_open_claim() {
    let app = app();
    let fatima = app.fatima();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let id = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    let proved = claims.redeem(fatima.caller(), id, code.clone()).await;
    assert_eq!(proved.unwrap().record.claim.state, ClaimState::Verified);
    // A claim that is over takes no code.
    assert_refused!(
        claims.redeem(fatima.caller(), id, code).await,
        ClaimError::Refused(Refusal::State(ClaimState::Verified))
    );
}

#[tokio::test]
async fn names_that_do_not_fit_go_to_two_reviewers() {
    let app = app();
    let thief = app.applicant("Chukwuemeka", "Obi");
    let (_, code) = app.invitation(FATIMA.register(&app));
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(thief.caller(), code, false).await.unwrap();
    let claim = accepted.record.claim;
    assert_eq!(claim.state, ClaimState::InReview);
    assert!(claim.needs_second && claim.due_at.is_some());
    assert_eq!(app.verification(&thief), Verification::Pending);
    assert_eq!(app.mailed(), [MailKind::ClaimUnderReview]);
}

#[tokio::test]
async fn a_second_claim_on_a_record_changes_nothing_of_the_first() {
    let app = app();
    let record = FATIMA.register(&app);
    let (first, second) = (app.fatima(), app.fatima());
    let (_, code) = app.invitation(record);
    let (_, other_code) = app.invitation(record);
    app.accept(&first, &code).await.unwrap();
    app.take_mails();
    let state = app.accept(&second, &other_code).await.unwrap();
    assert_eq!(state, ClaimState::InReview);
    assert_eq!(app.verification(&first), Verification::Verified);
    let to = |member: &Member| member.user.email.as_str().to_owned();
    assert_eq!(
        app.take_mail_kinds(),
        [
            (to(&first), MailKind::ClaimOnYourRecord),
            (to(&second), MailKind::ClaimUnderReview),
        ]
    );
}

/// The ways of a code to be bad.
#[derive(Clone, Copy)]
enum Bad {
    Unknown,
    Used,
    Expired,
    Revoked,
    OfNoRecord,
}

#[tokio::test]
async fn bad_codes_of_every_kind_are_refused_alike() {
    use Bad::*;
    for bad in [Unknown, Used, Expired, Revoked, OfNoRecord] {
        let app = app();
        let (fatima, other) = (app.fatima(), app.fatima());
        let claim = app.submitted(&fatima).await;
        let (id, mut code) = app.invitation(FATIMA.register(&app));
        let now = app.now();
        match bad {
            Unknown => code = unknown_code(),
            Used => {
                app.store(|tx| tx.accept_invitation_code(id, other.id(), now));
            }
            Expired => app
                .database
                .execute("UPDATE invitations SET expires_at = created_at"),
            Revoked => app
                .database
                .execute("UPDATE invitation_batches SET revoked_at = now()"),
            OfNoRecord => app
                .database
                .execute("UPDATE alumni_records SET state = 'restricted'"),
        }
        let claims = &app.use_cases.alumni.claims;
        let origin = fatima.caller().origin;
        let seen = claims.preview(origin, code.clone()).await;
        assert_refused!(seen, ClaimError::BadCode);
        assert_refused!(app.accept(&other, &code).await, ClaimError::BadCode);
        let redeemed = claims.redeem(fatima.caller(), claim, code).await;
        assert_refused!(redeemed, ClaimError::BadCode);
        assert_eq!(app.claim_state(claim), ClaimState::Submitted);
        assert!(app.store(|tx| tx.open_claim(other.id())).is_none());
    }
}

#[tokio::test]
async fn a_code_is_good_for_a_year() {
    let app = app();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let origin = app.fatima().caller().origin;
    let claims = &app.use_cases.alumni.claims;
    app.clock
        .advance(TimeDelta::days(365) - TimeDelta::seconds(1));
    claims.preview(origin.clone(), code.clone()).await.unwrap();
    app.clock.advance(TimeDelta::seconds(1));
    assert_refused!(claims.preview(origin, code).await, ClaimError::BadCode);
}

#[tokio::test]
async fn a_code_is_used_once_by_simultaneous_claims() {
    let app = app();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let members: Vec<_> = (0..6).map(|_| app.fatima()).collect();
    let tries = members.iter().map(|member| app.accept(member, &code));
    let tried = join_all(tries).await;
    assert_eq!(tried.iter().filter(|tried| tried.is_ok()).count(), 1);
    for refused in tried.into_iter().filter(Result::is_err) {
        assert_refused!(refused, ClaimError::BadCode);
    }
}

#[tokio::test]
async fn two_codes_of_one_record_verify_one_account() {
    let app = app();
    let record = FATIMA.register(&app);
    let pairs: Vec<_> = (0..4)
        .map(|_| (app.fatima(), app.invitation(record).1))
        .collect();
    let tries = pairs.iter().map(|(member, code)| app.accept(member, code));
    let mut states: Vec<_> = join_all(tries)
        .await
        .into_iter()
        .map(|state| state.unwrap().name())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["in_review", "in_review", "in_review", "verified"]);
}

#[tokio::test]
async fn a_merged_record_is_claimed_by_the_code_of_the_old_one() {
    let app = app();
    let (old, kept) = (FATIMA.register(&app), FATIMA.register(&app));
    let (_, code) = app.invitation(old);
    app.database.execute(&format!(
        "UPDATE alumni_records SET state = 'merged', merged_into = '{kept}' WHERE id = '{old}'"
    ));
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(app.fatima().caller(), code, false).await;
    assert_eq!(accepted.unwrap().record.claim.record_id, Some(kept));
}

#[tokio::test]
async fn a_merge_moves_claims_and_invitations() {
    let app = app();
    let (old, kept) = (FATIMA.register(&app), FATIMA.register(&app));
    let (_, code) = app.invitation(old);
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(app.fatima().caller(), code, false).await;
    let id = accepted.unwrap().record.claim.id;
    app.store(|tx| tx.move_links(old, kept));
    let moved = app.store(|tx| tx.claim(id)).unwrap();
    assert_eq!(moved.claim.record_id, Some(kept));
    let records = app
        .database
        .texts("SELECT record_id::text FROM invitations");
    assert_eq!(records, [kept.to_string()]);
}

#[tokio::test]
async fn an_unlinked_record_can_be_claimed_again() {
    let app = app();
    let record = FATIMA.register(&app);
    let (first, second) = (app.fatima(), app.fatima());
    let (_, code) = app.invitation(record);
    app.accept(&first, &code).await.unwrap();
    assert_eq!(app.store(|tx| tx.unlink_user(first.id())), 1);
    let (_, code) = app.invitation(record);
    let state = app.accept(&second, &code).await.unwrap();
    assert_eq!(state, ClaimState::Verified);
}

#[tokio::test]
async fn attempts_are_limited_by_account_and_never_by_code() {
    let app = limited();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let guesser = app.fatima();
    for _ in 0..10 {
        let refused = app.accept(&guesser, &unknown_code()).await;
        assert_refused!(refused, ClaimError::BadCode);
    }
    let refused = app.accept(&guesser, &code).await;
    assert_refused!(refused, ClaimError::RateLimited(_));
    // The owner of the code, on the same network, is not kept out.
    app.accept(&app.fatima(), &code).await.unwrap();
}

#[tokio::test]
async fn a_preview_shows_initials_and_set_alone() {
    let app = app();
    let jalal = Graduate {
        surname: "Abdul-Rahman",
        given_names: "jalal Ọla",
        ..FATIMA
    };
    let (_, code) = app.invitation(jalal.register(&app));
    let claims = &app.use_cases.alumni.claims;
    let origin = app.fatima().caller().origin;
    let preview = claims.preview(origin, code).await.unwrap();
    assert_eq!(preview.initials, "J. Ọ. A. R.");
    assert_eq!(preview.department.as_deref(), Some("Computer Science"));
    assert_eq!(preview.year, Some(2019));
    let opened = app
        .database
        .texts("SELECT id::text FROM invitations WHERE opened_at IS NOT NULL");
    assert_eq!(opened.len(), 1);
}
