//! What the staff did with a member's data, as the member sees it.

use abu_application::{
    access::Caller,
    alumni::access_log::{Access, AccessKind, StaffRole},
    platform::{
        lists::{ListRequest, Seek},
        versions::Expected,
    },
};
use abu_domain::{access::Permission, alumni::claims::ReasonCode, platform::text::Reason};

use super::claims::{FATIMA, app};
use crate::support::{Member, TestApp};

impl TestApp {
    async fn accesses(&self, member: &Member) -> Vec<Access> {
        self.accesses_of(member.caller()).await
    }

    async fn accesses_of(&self, caller: Caller) -> Vec<Access> {
        let page = ListRequest {
            seek: Seek::After(None),
            limit: 100,
            count: true,
        };
        let log = &self.use_cases.alumni.access_log;
        let listed = log.list(caller, page).await.unwrap();
        listed.items
    }

    async fn seen(&self, member: &Member) -> Vec<(StaffRole, AccessKind)> {
        let accesses = self.accesses(member).await;
        let seen = accesses.iter().rev();
        seen.map(|access| (access.role, access.kind)).collect()
    }
}

#[tokio::test]
async fn a_member_sees_who_looked_at_claim_files_and_record() {
    use AccessKind::{Changed, Downloaded, Viewed};
    use StaffRole::{Registry, Verification};
    let app = app();
    let record = FATIMA.register(&app);
    let (fatima, musa) = (app.fatima(), app.applicant("Musa", "Sani"));
    let reviewer = app.reviewer();
    let registrar = app
        .member()
        .holding(&[Permission::ViewAlumniRecord])
        .create();
    let id = app.submitted(&fatima).await;
    let file = app.sent(&fatima, id).await;
    let alumni = &app.use_cases.alumni;
    // Before the account is linked to it, the record is not about the account.
    alumni
        .records
        .get(registrar.caller(), record)
        .await
        .unwrap();
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let claims = &alumni.claims;
    claims.get(reviewer.caller(), id).await.unwrap();
    claims
        .open_evidence(reviewer.caller(), id, file)
        .await
        .unwrap();
    app.approve(&reviewer, id, record).await.unwrap();
    app.clock.advance(chrono::TimeDelta::seconds(1));
    alumni
        .records
        .get(registrar.caller(), record)
        .await
        .unwrap();
    assert_eq!(
        app.seen(&fatima).await,
        [
            (Verification, Viewed),
            (Verification, Downloaded),
            (Verification, Changed),
            (Registry, Viewed)
        ]
    );
    assert!(app.seen(&musa).await.is_empty());
}

#[tokio::test]
async fn reasons_of_reviewers_stay_out_of_the_access_log() {
    let app = app();
    let (fatima, reviewer) = (app.fatima(), app.reviewer());
    let id = app.submitted(&fatima).await;
    let claims = &app.use_cases.alumni.claims;
    let reason = ReasonCode::NotThisPerson;
    claims
        .reject(reviewer.caller(), id, reason, None, Expected::Anything)
        .await
        .unwrap();
    let accesses = app.accesses(&fatima).await;
    assert_eq!(accesses.len(), 1);
    assert_eq!(accesses[0].reason, None);
}

#[tokio::test]
async fn an_action_on_the_account_shows_its_reason() {
    let app = app();
    let fatima = app.fatima();
    let staff = app.member().super_admin().create();
    let accounts = &app.use_cases.identity.accounts;
    let reason = Reason::parse("Asked for by letter.").unwrap();
    accounts
        .schedule_erasure(staff.caller(), fatima.id(), reason)
        .await
        .unwrap();
    // The account can log in again.
    accounts
        .activate(staff.caller(), fatima.id())
        .await
        .unwrap();
    let again = app.caller(&app.log_in(&fatima).await);
    let accesses = app.accesses_of(again).await;
    let access = accesses.last().unwrap();
    assert_eq!(access.role, StaffRole::Accounts);
    assert_eq!(access.reason.as_deref(), Some("Asked for by letter."));
}
