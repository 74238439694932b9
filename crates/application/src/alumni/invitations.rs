//! Invitations of the office: batches of codes, printed or mailed.
//!
//! A job makes the invitations of a batch, so a batch of the whole register takes no request's time. Codes are stored
//! nowhere: each download derives them again, asks for a reason from the second time on, and is audited.

mod jobs;

use abu_domain::{
    BatchId, RecordInvitationId, access::Permission, alumni::claims::ClaimCode,
    platform::text::Reason,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    claims::Claims,
    ports::{Batch, BatchState, Channel, Segment},
};
use crate::{
    access::{self, AccessError, Authority},
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed, TimePosition},
        ports::StoreError,
    },
};

pub use jobs::BatchJob;

/// How long printed codes are good.
const PRINTED_LIFETIME: TimeDelta = TimeDelta::days(365);
/// How long mailed codes are good.
const MAILED_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How many codes one page of a download has.
const PRINTED_AT_ONCE: u32 = 1_000;

/// The use cases of invitations.
#[derive(Clone)]
pub struct Invitations {
    pub claims: Claims,
}

#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such batch")]
    NotFound,
    /// Its codes were mailed, or are not all made.
    #[error("the batch has no codes to download")]
    NotPrinted,
    #[error("the batch was revoked")]
    Revoked,
    /// The codes were downloaded before.
    #[error("another download takes a reason")]
    ReasonRequired,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code of a printed batch.
#[derive(Clone, Debug)]
pub struct PrintedCode {
    pub id: RecordInvitationId,
    pub name: String,
    pub department: Option<String>,
    pub year: Option<i16>,
    pub code: ClaimCode,
    pub expires_at: DateTime<Utc>,
}

impl Invitations {
    /// A page of batches, newest first; takes `can_create_invitation`.
    pub async fn list(
        &self,
        caller: impl Authority,
        page: ListRequest<TimePosition<BatchId>>,
    ) -> Result<Listed<Batch>, InvitationError> {
        let database = &self.claims.context.database;
        database
            .read(move |tx| {
                access::require(tx, &caller, Permission::CreateInvitation)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_batches(seek, limit),
                    |tx| tx.count_batches(),
                )?)
            })
            .await
    }

    /// Takes `can_create_invitation`.
    pub async fn get(&self, caller: impl Authority, id: BatchId) -> Result<Batch, InvitationError> {
        let database = &self.claims.context.database;
        database
            .read(move |tx| {
                access::require(tx, &caller, Permission::CreateInvitation)?;
                tx.batch(id)?.ok_or(InvitationError::NotFound)
            })
            .await
    }

    /// Revokes all unused codes of a batch; takes `can_create_invitation`.
    pub async fn revoke(&self, caller: impl Authority, id: BatchId) -> Result<(), InvitationError> {
        let (now, entry_id) = self.claims.context.now_and_entry_id();
        let database = &self.claims.context.database;
        database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::CreateInvitation)?;
                let batch = tx.lock_batch(id)?.ok_or(InvitationError::NotFound)?;
                if batch.revoked_at.is_some() {
                    return Ok(());
                }
                tx.revoke_batch(id, now)?;
                caller
                    .entry(Action::InvitationsRevoke)
                    .on(target(id))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Authorizes and audits a download of the codes of a printed batch; takes `can_create_invitation`, and a reason
    /// unless it is the first.
    pub async fn begin_download(
        &self,
        caller: impl Authority,
        id: BatchId,
        reason: Option<Reason>,
    ) -> Result<Batch, InvitationError> {
        let (now, entry_id) = self.claims.context.now_and_entry_id();
        let database = &self.claims.context.database;
        database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::CreateInvitation)?;
                let batch = tx.lock_batch(id)?.ok_or(InvitationError::NotFound)?;
                if batch.channel != Channel::Printed || batch.state != BatchState::Ready {
                    return Err(InvitationError::NotPrinted);
                }
                if batch.revoked_at.is_some() {
                    return Err(InvitationError::Revoked);
                }
                if batch.downloaded_at.is_some() && reason.is_none() {
                    return Err(InvitationError::ReasonRequired);
                }
                tx.mark_batch_downloaded(id, now)?;
                let entry = caller.entry(Action::InvitationsDownload).on(target(id));
                let entry = match &reason {
                    Some(reason) => entry.with("reason", reason.as_str()),
                    None => entry,
                };
                entry.write(tx, entry_id, now)?;
                Ok(batch)
            })
            .await
    }

    /// The next codes of a download that [`begin_download`](Self::begin_download) allowed; empty at the end. Codes whose
    /// key is gone are left out.
    pub async fn next_codes(
        &self,
        batch: BatchId,
        after: Option<RecordInvitationId>,
    ) -> Result<(Vec<PrintedCode>, Option<RecordInvitationId>), InvitationError> {
        let codes = self.claims.codes.clone();
        let database = &self.claims.context.database;
        database
            .read(move |tx| {
                let page = tx.printed_invitations(batch, after, PRINTED_AT_ONCE)?;
                let is_last = page.len() < PRINTED_AT_ONCE as usize;
                let next = page.last().map(|last| last.id).filter(|_| !is_last);
                let printed = page.into_iter().filter_map(|printed| {
                    let code = codes.recover(printed.id, &printed.code_hash)?;
                    Some(PrintedCode {
                        id: printed.id,
                        name: printed.name,
                        department: printed.department,
                        year: printed.year,
                        code,
                        expires_at: printed.expires_at,
                    })
                });
                Ok((printed.collect(), next))
            })
            .await
    }
}

fn target(id: BatchId) -> Target {
    Target {
        kind: "invitation_batch",
        id: id.to_string(),
    }
}

/// When the codes of a batch stop being good.
fn expiry(channel: Channel, now: DateTime<Utc>) -> DateTime<Utc> {
    now + match channel {
        Channel::Printed => PRINTED_LIFETIME,
        Channel::Email => MAILED_LIFETIME,
    }
}

/// A batch before its first invitation.
fn new_batch(
    id: BatchId,
    channel: Channel,
    segment: Segment,
    by: &impl Authority,
    now: DateTime<Utc>,
) -> Batch {
    Batch {
        id,
        channel,
        segment,
        state: BatchState::Preparing,
        made: 0,
        skipped: 0,
        opened: 0,
        accepted: 0,
        expires_at: expiry(channel, now),
        revoked_at: None,
        downloaded_at: None,
        created_by: by.user(),
        created_at: now,
        last_modified: now,
    }
}
