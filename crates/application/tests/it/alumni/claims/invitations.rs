use abu_application::{
    access::AccessError,
    alumni::{
        invitations::InvitationError,
        ports::{BatchState, Channel, Segment},
    },
    platform::{audit::Action, mail::MailContent},
};
use abu_domain::{BatchId, access::Permission, alumni::claims::ClaimState, platform::text::Reason};

use super::{FATIMA, Graduate, app};
use crate::support::{Member, TestApp, assert_refused};

const HISTORIAN: Graduate<'_> = Graduate {
    surname: "Obi",
    given_names: "Ada",
    email: None,
    matric: None,
    department: "history",
    degree: "ba",
    year: 1999,
};

impl TestApp {
    async fn batch(&self, by: &Member, channel: Channel, segment: Segment) -> BatchId {
        let invitations = &self.use_cases.alumni.invitations;
        let made = invitations.create(by.caller(), channel, segment).await;
        let (batch, _task) = made.unwrap();
        assert_eq!(batch.state, BatchState::Preparing);
        self.run_jobs("invitation_batch");
        batch.id
    }
}

#[tokio::test]
async fn a_printed_batch_gives_codes_that_verify() {
    let app = app();
    FATIMA.register(&app);
    HISTORIAN.register(&app);
    let inviter = app.inviter();
    let segment = Segment {
        departments: vec!["cs".to_owned()],
        year_from: Some(2015),
        year_to: Some(2020),
        ..Segment::default()
    };
    let id = app.batch(&inviter, Channel::Printed, segment).await;
    let invitations = &app.use_cases.alumni.invitations;
    let get = || invitations.get(inviter.caller(), id);
    let batch = get().await.unwrap();
    assert_eq!((batch.state, batch.made), (BatchState::Ready, 1));
    let begun = invitations.begin_download(inviter.caller(), id, None);
    begun.await.unwrap();
    let (codes, next) = invitations.next_codes(id, None).await.unwrap();
    assert!(next.is_none());
    assert_eq!(codes[0].name, "Bello Fatima Musa");
    assert_eq!(codes[0].department.as_deref(), Some("Computer Science"));
    let claims = &app.use_cases.alumni.claims;
    let (fatima, code) = (app.fatima(), &codes[0].code);
    let seen = claims.preview(fatima.caller().origin, code.clone());
    seen.await.unwrap();
    let own = claims.accept(fatima.caller(), code.clone(), true).await;
    assert_eq!(own.unwrap().record.claim.state, ClaimState::Verified);
    let batch = get().await.unwrap();
    assert_eq!((batch.opened, batch.accepted), (1, 1));
    // Used codes are not printed again.
    let (codes, _) = invitations.next_codes(id, None).await.unwrap();
    assert!(codes.is_empty());
}

#[tokio::test]
async fn a_batch_leaves_out_records_of_accounts() {
    let app = app();
    let (_, code) = app.invitation(FATIMA.register(&app));
    let claims = &app.use_cases.alumni.claims;
    let accepted = claims.accept(app.fatima().caller(), code, true);
    accepted.await.unwrap();
    HISTORIAN.register(&app);
    let inviter = app.inviter();
    let all = Segment::default();
    let id = app.batch(&inviter, Channel::Printed, all).await;
    let invitations = &app.use_cases.alumni.invitations;
    let (codes, _) = invitations.next_codes(id, None).await.unwrap();
    let names: Vec<_> = codes.iter().map(|code| code.name.as_str()).collect();
    assert_eq!(names, ["Obi Ada"]);
}

#[tokio::test]
async fn a_batch_by_mail_writes_to_addresses_on_record_alone() {
    let app = app();
    FATIMA.register(&app);
    HISTORIAN.register(&app);
    let inviter = app.inviter();
    app.take_mails();
    let all = Segment::default();
    let id = app.batch(&inviter, Channel::Email, all).await;
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].recipient.as_str(), "fatima.1990@example.com");
    let MailContent::ClaimInvitation { firstname, .. } = &mails[0].content else {
        panic!("{:?}", mails[0].content);
    };
    assert_eq!(firstname.as_str(), "Fatima");
    let invitations = &app.use_cases.alumni.invitations;
    let batch = invitations.get(inviter.caller(), id).await.unwrap();
    assert_eq!((batch.made, batch.skipped), (1, 1));
    let download = invitations.begin_download(inviter.caller(), id, None);
    assert_refused!(download.await, InvitationError::NotPrinted);
}

#[tokio::test]
async fn another_download_takes_a_reason_and_each_is_audited() {
    let app = app();
    FATIMA.register(&app);
    let inviter = app.inviter();
    let all = Segment::default();
    let id = app.batch(&inviter, Channel::Printed, all).await;
    let invitations = &app.use_cases.alumni.invitations;
    let download = |reason| invitations.begin_download(inviter.caller(), id, reason);
    let why = |text| Some(Reason::parse(text).unwrap());
    download(None).await.unwrap();
    assert_refused!(download(None).await, InvitationError::ReasonRequired);
    download(why("The printer lost the file.")).await.unwrap();
    let actions = app.actions().into_iter();
    let downloads = actions.filter(|action| *action == Action::InvitationsDownload);
    assert_eq!(downloads.count(), 2);
    let entry = app.audit().pop().unwrap().row;
    assert!(entry.details.contains("The printer lost the file."));
    invitations.revoke(inviter.caller(), id).await.unwrap();
    assert_refused!(download(why("Again.")).await, InvitationError::Revoked);
}

#[tokio::test]
async fn invitations_take_their_permission() {
    let app = app();
    let member = app.fatima();
    let invitations = &app.use_cases.alumni.invitations;
    let refused = invitations
        .create(member.caller(), Channel::Printed, Segment::default())
        .await;
    assert_refused!(
        refused,
        InvitationError::Access(AccessError::Denied(Permission::CreateInvitation))
    );
}
