use std::{iter, time::Duration};

use abu_application::{
    identity::ports::{LinkPurpose, LinkTokens},
    platform::{
        mail::{MailContent, MailKind},
        ports::Mail,
    },
};
use uuid::Uuid;

use super::TestApp;

/// Longer than any test.
const LEASE: Duration = Duration::from_secs(3_600);

impl TestApp {
    /// The mails that were enqueued since the last call, the oldest first.
    pub(crate) fn take_mails(&self) -> Vec<Mail> {
        // Due by the database's clock, which the tests do not set.
        self.database
            .execute("UPDATE email_outbox SET next_attempt_at = now() WHERE state = 'pending'");
        let claim = || self.store(|tx| tx.claim_mail(MailKind::ALL, LEASE));
        iter::from_fn(claim)
            .map(|claimed| claimed.mail.unwrap())
            .collect()
    }

    /// The kinds of [`take_mails`](Self::take_mails), with their recipients.
    pub(crate) fn take_mail_kinds(&self) -> Vec<(String, MailKind)> {
        let kind = |mail: Mail| (mail.recipient.as_str().to_owned(), mail.content.kind());
        self.take_mails().into_iter().map(kind).collect()
    }

    /// The token in the link of a mail about an address.
    pub(crate) fn link_token(&self, content: &MailContent) -> String {
        let (purpose, id) = match content {
            MailContent::VerifyEmail {
                verification_id, ..
            }
            | MailContent::VerifyFurtherEmail {
                verification_id, ..
            }
            | MailContent::ConfirmAccountEmail {
                verification_id, ..
            } => (LinkPurpose::VerifyEmail, verification_id),
            MailContent::EmailChangeConfirm {
                verification_id, ..
            } => (LinkPurpose::ConfirmEmailChange, verification_id),
            MailContent::ApproveEmail {
                verification_id, ..
            } => (LinkPurpose::ApproveEmail, verification_id),
            MailContent::EmailChanged { change_id, .. } => {
                (LinkPurpose::UndoEmailChange, change_id)
            }
            other => panic!("no link to an address: {other:?}"),
        };
        self.links.text(purpose, *id)
    }

    /// The link to another password in a mail.
    pub(crate) fn reset_link(&self, content: &MailContent) -> Uuid {
        let (MailContent::ResetPassword { reset_id, .. }
        | MailContent::EmailChangeUndone { reset_id, .. }) = content
        else {
            panic!("no link to another password: {content:?}");
        };
        self.links.uuid(LinkPurpose::ResetPassword, *reset_id)
    }
}
