use abu_application::{
    access::AccessError,
    alumni::claims::{ClaimError, OwnClaim},
    platform::{audit::Action, ports::FileError, versions::Expected},
};
use abu_domain::{
    ClaimId, EvidenceId,
    access::Permission,
    alumni::claims::{ClaimState, EventKind, EvidenceKind, MAX_EVIDENCE, MAX_EVIDENCE_BYTES},
    platform::{file_key::FileKey, text::Reason},
};
use chrono::TimeDelta;

use super::{app, limited};
use crate::{
    erasure::erase,
    support::{Member, TestApp, assert_refused, new_id},
};

const SCAN: &[u8] = b"%PDF-1.7\nthe scan of a certificate";
const JOB: &str = "claim_evidence";

/// A file like [`SCAN`] with another content.
fn scan(number: usize) -> Vec<u8> {
    format!("%PDF-1.7\nscan {number}").into_bytes()
}

impl TestApp {
    async fn send_file(
        &self,
        member: &Member,
        claim: ClaimId,
        file: &[u8],
    ) -> Result<OwnClaim, ClaimError> {
        let claims = &self.use_cases.alumni.claims;
        let mut upload = claims
            .begin_evidence(member.caller(), claim, Expected::Anything)
            .await?;
        for piece in file.chunks(1_000_000) {
            upload.write(piece)?;
        }
        claims
            .add_evidence(member.caller(), upload, Expected::Anything)
            .await
    }

    pub(in crate::alumni) async fn sent(&self, member: &Member, claim: ClaimId) -> EvidenceId {
        let own = self.send_file(member, claim, SCAN).await.unwrap();
        own.evidence[0].id
    }

    fn is_stored(&self, id: EvidenceId) -> bool {
        let key = FileKey::parse(&format!("evidence/{id}")).unwrap();
        match self.use_cases.alumni.claims.context.files.size(&key) {
            Ok(_size) => true,
            Err(FileError::NotFound) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs the job that deletes evidence, now.
    fn delete_evidence(&self) {
        self.run_schedule(JOB);
    }

    fn evidence_rows(&self) -> usize {
        self.database
            .texts("SELECT id::text FROM claim_evidence")
            .len()
    }
}

#[tokio::test]
async fn an_applicant_sends_a_file_and_a_reviewer_opens_it() {
    let app = app();
    let (fatima, reviewer) = (app.fatima(), app.reviewer());
    let claim = app.submitted(&fatima).await;
    let own = app.send_file(&fatima, claim, SCAN).await.unwrap();
    let [file] = &own.evidence[..] else {
        panic!("{own:?}")
    };
    assert_eq!((file.kind, file.bytes), (EvidenceKind::Pdf, 34));
    assert_eq!(own.record.claim.state, ClaimState::Submitted);
    let kinds: Vec<_> = own.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Submitted, EventKind::EvidenceAdded]);
    let claims = &app.use_cases.alumni.claims;
    let reviewed = claims.get(reviewer.caller(), claim).await.unwrap();
    assert_eq!(reviewed.evidence, own.evidence);
    let mut opened = claims
        .open_evidence(reviewer.caller(), claim, file.id)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    opened.file.reader.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, SCAN);
    assert_eq!(
        app.actions(),
        [
            Action::ClaimCreate,
            Action::ClaimSubmit,
            Action::ClaimAddEvidence,
            Action::ClaimView,
            Action::ClaimViewEvidence
        ]
    );
}

#[tokio::test]
async fn only_reviewers_open_files_and_only_those_of_the_claim() {
    let app = app();
    let (fatima, reviewer, other) = (app.fatima(), app.reviewer(), app.applicant("Musa", "Sani"));
    let claim = app.submitted(&fatima).await;
    let file = app.sent(&fatima, claim).await;
    let claims = &app.use_cases.alumni.claims;
    for stranger in [&fatima, &other] {
        assert_refused!(
            claims.open_evidence(stranger.caller(), claim, file).await,
            ClaimError::Access(AccessError::Denied(Permission::VerifyAlumni))
        );
    }
    let theirs = app.submitted(&other).await;
    for (claim, file) in [(theirs, file), (claim, new_id().into())] {
        assert_refused!(
            claims.open_evidence(reviewer.caller(), claim, file).await,
            ClaimError::EvidenceNotFound
        );
    }
    assert_refused!(
        app.send_file(&other, claim, SCAN).await,
        ClaimError::NotFound
    );
}

#[tokio::test]
async fn files_of_other_kinds_are_refused_as_soon_as_that_shows() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    for file in [
        &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
        b"GIF89a",
        b"",
    ] {
        assert_refused!(
            app.send_file(&fatima, claim, file).await,
            ClaimError::EvidenceKind
        );
    }
    let claims = &app.use_cases.alumni.claims;
    let mut upload = claims
        .begin_evidence(fatima.caller(), claim, Expected::Anything)
        .await
        .unwrap();
    assert_refused!(upload.write(b"<html><body>"), ClaimError::EvidenceKind);
}

#[tokio::test]
async fn a_file_has_at_most_eight_megabytes() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let mut file = SCAN.to_vec();
    file.resize(usize::try_from(MAX_EVIDENCE_BYTES).unwrap(), 0);
    assert!(app.send_file(&fatima, claim, &file).await.is_ok());
    file.push(0);
    assert_refused!(
        app.send_file(&fatima, claim, &file).await,
        ClaimError::EvidenceTooLarge
    );
}

#[tokio::test]
async fn a_claim_has_at_most_five_files_and_each_once() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    let late = claims
        .begin_evidence(fatima.caller(), claim, Expected::Anything)
        .await
        .unwrap();
    for number in 0..MAX_EVIDENCE {
        for _twice in 0..2 {
            if number == MAX_EVIDENCE - 1 {
                continue;
            }
            let own = app.send_file(&fatima, claim, &scan(number)).await.unwrap();
            assert_eq!(own.evidence.len(), number + 1);
        }
    }
    app.send_file(&fatima, claim, SCAN).await.unwrap();
    assert_refused!(
        app.send_file(&fatima, claim, &scan(9)).await,
        ClaimError::TooMuchEvidence
    );
    let mut late = late;
    late.write(&scan(9)).unwrap();
    assert_refused!(
        claims
            .add_evidence(fatima.caller(), late, Expected::Anything)
            .await,
        ClaimError::TooMuchEvidence
    );
}

#[tokio::test]
async fn an_account_sends_at_most_thirty_files_an_hour() {
    let app = limited();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    for _upload in 0..30 {
        claims
            .begin_evidence(fatima.caller(), claim, Expected::Anything)
            .await
            .unwrap();
    }
    let refused = claims
        .begin_evidence(fatima.caller(), claim, Expected::Anything)
        .await;
    assert_refused!(refused.map(drop), ClaimError::RateLimited(_));
}

#[tokio::test]
async fn no_file_is_taken_for_a_claim_that_is_over() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    let mut upload = claims
        .begin_evidence(fatima.caller(), claim, Expected::Anything)
        .await
        .unwrap();
    upload.write(SCAN).unwrap();
    claims.withdraw(fatima.caller(), claim).await.unwrap();
    for refused in [
        claims
            .add_evidence(fatima.caller(), upload, Expected::Anything)
            .await,
        app.send_file(&fatima, claim, SCAN).await,
    ] {
        assert_refused!(refused, ClaimError::Refused(_));
    }
}

#[tokio::test]
async fn files_are_deleted_thirty_days_after_the_decision() {
    let app = app();
    let (fatima, reviewer) = (app.fatima(), app.reviewer());
    let claim = app.submitted(&fatima).await;
    let file = app.sent(&fatima, claim).await;
    app.reject(&reviewer, claim).await.unwrap();
    app.clock
        .advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    app.delete_evidence();
    let claims = &app.use_cases.alumni.claims;
    let own = claims.get_own(fatima.caller(), claim).await.unwrap();
    assert!(app.is_stored(file) && own.evidence.len() == 1);
    app.clock.advance(TimeDelta::seconds(1));
    let own = claims.get_own(fatima.caller(), claim).await.unwrap();
    assert!(own.evidence.is_empty());
    app.delete_evidence();
    assert!(!app.is_stored(file));
    assert_eq!(app.evidence_rows(), 0);
}

#[tokio::test]
async fn a_withdrawal_hides_and_deletes_the_files() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let file = app.sent(&fatima, claim).await;
    let claims = &app.use_cases.alumni.claims;
    let own = claims.withdraw(fatima.caller(), claim).await.unwrap();
    assert!(own.evidence.is_empty());
    assert_refused!(
        claims
            .open_evidence(app.reviewer().caller(), claim, file)
            .await,
        ClaimError::EvidenceNotFound
    );
    app.delete_evidence();
    assert!(!app.is_stored(file));
}

#[tokio::test]
async fn uploads_that_were_given_up_are_deleted() {
    let app = app();
    let fatima = app.fatima();
    let claim = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    drop(
        claims
            .begin_evidence(fatima.caller(), claim, Expected::Anything)
            .await
            .unwrap(),
    );
    app.delete_evidence();
    assert_eq!(app.evidence_rows(), 1);
    app.clock.advance(TimeDelta::hours(2));
    app.delete_evidence();
    assert_eq!(app.evidence_rows(), 0);
}

#[tokio::test]
async fn an_erasure_deletes_the_files_of_the_account() {
    let app = app();
    let (fatima, musa) = (app.fatima(), app.applicant("Musa", "Sani"));
    let mut files = Vec::new();
    for member in [&fatima, &musa] {
        let claim = app.submitted(member).await;
        files.push(app.sent(member, claim).await);
    }
    let reason = Reason::parse("Asked for it.").unwrap();
    app.store(|tx| tx.hurry_erasure(fatima.id(), &reason, app.now()));
    erase(&app, fatima.id());
    assert!(!app.is_stored(files[0]) && app.is_stored(files[1]));
    assert_eq!(app.evidence_rows(), 1);
}
