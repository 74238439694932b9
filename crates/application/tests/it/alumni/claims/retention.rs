use abu_domain::alumni::claims::ClaimState;
use chrono::TimeDelta;

use super::{FATIMA, app};
use crate::support::{TestApp, new_id};

const JOB: &str = "claim_retention";

impl TestApp {
    fn tidy_claims(&self) {
        self.run_schedule(JOB);
    }

    fn count(&self, table: &str) -> usize {
        self.database
            .texts(&format!("SELECT 'row' FROM {table}"))
            .len()
    }
}

#[tokio::test]
async fn refused_claims_go_a_year_after_the_decision_and_others_stay() {
    let app = app();
    let (fatima, musa) = (app.fatima(), app.applicant("Musa", "Sani"));
    let refused = app.submitted(&fatima).await;
    let open = app.submitted(&musa).await;
    let reviewer = app.reviewer();
    app.reject(&reviewer, refused).await.unwrap();
    app.clock.advance(TimeDelta::days(365));
    app.tidy_claims();
    assert_eq!(app.claim_state(refused), ClaimState::Rejected);
    app.clock.advance(TimeDelta::seconds(1));
    app.tidy_claims();
    assert_eq!(app.count("claims"), 1);
    assert_eq!(app.claim_state(open), ClaimState::Submitted);
}

#[tokio::test]
async fn invitations_go_a_year_after_they_expired() {
    let app = app();
    let record = FATIMA.register(&app);
    app.invitation(record);
    app.clock.advance(TimeDelta::days(730));
    app.tidy_claims();
    assert_eq!(
        (app.count("invitations"), app.count("invitation_batches")),
        (1, 1)
    );
    app.clock.advance(TimeDelta::seconds(1));
    app.tidy_claims();
    assert_eq!(
        (app.count("invitations"), app.count("invitation_batches")),
        (0, 0)
    );
}

#[tokio::test]
async fn codes_that_claimants_asked_for_go_after_ninety_days() {
    let app = app();
    let record = FATIMA.register(&app);
    let claim = app.submitted(&app.fatima()).await;
    app.database.execute(&format!(
        "INSERT INTO invitations (id, claim_id, record_id, code_hash, expires_at, created_at)
         VALUES ('{}', '{claim}', '{record}', 'code', '{now}', '{now}')",
        new_id(),
        now = app.now().to_rfc3339(),
    ));
    app.clock.advance(TimeDelta::days(90));
    app.tidy_claims();
    assert_eq!(app.count("invitations"), 1);
    app.clock.advance(TimeDelta::seconds(1));
    app.tidy_claims();
    assert_eq!(app.count("invitations"), 0);
}

#[tokio::test]
async fn a_wish_to_get_no_mail_goes_when_it_is_over() {
    let app = app();
    let record = FATIMA.register(&app);
    let until = app.now() + TimeDelta::days(90);
    app.store(|tx| tx.suppress_mailbox(record, until, app.now()));
    app.clock.advance(TimeDelta::days(89));
    app.tidy_claims();
    assert_eq!(app.count("mailbox_suppressions"), 1);
    app.clock.advance(TimeDelta::days(1));
    app.tidy_claims();
    assert_eq!(app.count("mailbox_suppressions"), 0);
}
