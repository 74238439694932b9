//! The job that makes the invitations of a batch.

use abu_domain::{
    BatchId, RecordId, RecordInvitationId, TaskId, access::Permission, platform::task::Progress,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{InvitationError, Invitations, new_batch, target};
use crate::{
    access::{self, Authority},
    alumni::{
        claims::{disown_token_hash, greeted},
        ports::{Batch, BatchState, Channel, Invitee, NewInvitation, Segment},
    },
    platform::{
        audit::Action,
        jobs::{JobError, JobHandler, Lane, Next, Settled, Step},
        mail::MailContent,
        ports::{Due, Mail, NewJob, NewTask, RunAt, StoreError, TaskEnd},
    },
    store::Writes,
};

/// How many records one step looks at.
const A_STEP: u32 = 500;

const KIND: &str = "invitation_batch";

/// The job that makes the invitations of a batch.
#[derive(Clone)]
pub struct BatchJob(pub Invitations);

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    batch: BatchId,
}

/// How far a batch is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    after: Option<RecordId>,
    seen: u64,
}

impl Invitations {
    /// Makes a batch and the job that fills it; takes `can_create_invitation`.
    pub async fn create(
        &self,
        caller: impl Authority,
        channel: Channel,
        segment: Segment,
    ) -> Result<(Batch, TaskId), InvitationError> {
        let (now, entry_id) = self.claims.context.now_and_entry_id();
        let ids = self.claims.context.ids.clone();
        self.claims
            .context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::CreateInvitation)?;
                let batch = new_batch(ids.random().into(), channel, segment, &caller, now);
                tx.insert_batch(&batch)?;
                let task = TaskId::new(ids.random());
                let payload = Payload { batch: batch.id };
                tx.start_task(
                    &NewTask {
                        id: task,
                        kind: KIND,
                        subject: Some(batch.id.uuid()),
                        permission: Some(Permission::CreateInvitation.name()),
                        created_by: caller.user(),
                        created_at: now,
                    },
                    &NewJob {
                        id: ids.time_ordered().into(),
                        lane: Lane::Bulk,
                        kind: KIND,
                        key: Some(batch.id.to_string()),
                        payload: serde_json::to_value(payload)
                            .map_err(|error| StoreError::Other(error.into()))?,
                        run_at: RunAt::Now,
                    },
                )?;
                caller
                    .entry(Action::InvitationsCreate)
                    .on(target(batch.id))
                    .with("channel", channel.name())
                    .write(tx, entry_id, now)?;
                Ok((batch, task))
            })
            .await
    }

    /// Invites some records; what follows them, and how many were looked at.
    fn invite(
        &self,
        tx: &mut dyn Writes,
        batch: &Batch,
        cursor: &Cursor,
    ) -> Result<Option<Cursor>, StoreError> {
        let now = self.claims.context.clock.now();
        let found = tx.invitees(&batch.segment, cursor.after, A_STEP, now)?;
        let next = found.last().map(|last| Cursor {
            after: Some(last.record),
            seen: cursor.seen + found.len() as u64,
        });
        let is_last = found.len() < A_STEP as usize;
        let (invited, skipped): (Vec<Invitee>, Vec<Invitee>) = found
            .into_iter()
            .partition(|invitee| batch.channel == Channel::Printed || invitee.address.is_some());
        let new: Vec<NewInvitation> = invited
            .iter()
            .map(|invitee| self.invitation(batch.channel, invitee))
            .collect();
        tx.insert_invitations(batch, &new, skipped.len() as u64, now)?;
        if batch.channel == Channel::Email {
            let mails: Vec<Mail> = invited
                .into_iter()
                .zip(&new)
                .filter_map(|(invitee, new)| self.mail(batch, invitee, new.id))
                .collect();
            tx.insert_mails(&mails)?;
            tx.after_commit(Due::Mail);
        }
        if is_last {
            tx.set_batch_state(batch.id, BatchState::Ready, now)?;
            return Ok(None);
        }
        Ok(next)
    }

    fn invitation(&self, channel: Channel, invitee: &Invitee) -> NewInvitation {
        let id = RecordInvitationId::new(self.claims.context.ids.random());
        let codes = &self.claims.codes;
        NewInvitation {
            id,
            record: invitee.record,
            code_hash: codes.hash(&codes.code(id)),
            disown_hash: (channel == Channel::Email)
                .then(|| disown_token_hash(&*self.claims.links, id)),
        }
    }

    fn mail(&self, batch: &Batch, invitee: Invitee, id: RecordInvitationId) -> Option<Mail> {
        Some(Mail {
            id: self.claims.context.ids.time_ordered().into(),
            recipient: invitee.address?,
            content: MailContent::ClaimInvitation {
                invitation_id: id.uuid(),
                firstname: greeted(&invitee.given_names),
                expires_at: batch.expires_at,
            },
            created_at: self.claims.context.clock.now(),
        })
    }
}

impl JobHandler for BatchJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { batch } = step.payload()?;
        let cursor: Cursor = step.cursor()?.unwrap_or_default();
        step.progress(Progress {
            phase: "invite".to_owned(),
            done: cursor.seen,
            total: None,
            unit: "records".to_owned(),
        })?;
        step.commit(|tx| {
            let batch = tx.lock_batch(batch)?;
            // A revoked batch needs no more codes.
            let Some(batch) = batch.filter(|batch| batch.revoked_at.is_none()) else {
                return Ok(Next::Done);
            };
            match self.0.invite(tx, &batch, &cursor)? {
                Some(next) => Next::go_on(&next),
                None => Ok(Next::Done),
            }
        })
    }

    fn ended(
        &self,
        tx: &mut dyn Writes,
        payload: &Value,
        _end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        let Ok(Payload { batch }) = Payload::deserialize(payload) else {
            return Ok(());
        };
        let now = self.0.claims.context.clock.now();
        tx.set_batch_state(batch, BatchState::Failed, now)
    }
}
