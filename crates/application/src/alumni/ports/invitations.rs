use abu_domain::{
    BatchId, RecordId, RecordInvitationId, UserId, alumni::claims::ClaimCodeHash, named_enum,
    platform::text::EmailAddress,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    identity::ports::TokenHash,
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};

named_enum! {
    /// How a batch reaches the people it invites.
    pub enum Channel {
        /// A file of codes, which the office prints.
        Printed => "printed",
        /// A mail to each address on record.
        Email => "email",
    }
}

named_enum! {
    /// How far a batch is.
    pub enum BatchState {
        /// A job makes its invitations.
        Preparing => "preparing",
        /// All are made.
        Ready => "ready",
        /// The job was given up, or canceled.
        Failed => "failed",
    }
}

/// Which records a batch invites: those that fit every part. Empty lists and `None` do not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    #[serde(default)]
    pub records: Vec<RecordId>,
    /// Codes.
    #[serde(default)]
    pub departments: Vec<String>,
    /// Codes.
    #[serde(default)]
    pub faculties: Vec<String>,
    /// Inclusive.
    pub year_from: Option<i16>,
    /// Inclusive.
    pub year_to: Option<i16>,
}

/// Invitations that the office made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: BatchId,
    pub channel: Channel,
    pub segment: Segment,
    pub state: BatchState,
    /// Invitations so far.
    pub made: u64,
    /// Records without an address, or whose owner wants no mail.
    pub skipped: u64,
    /// Invitations whose preview was seen.
    pub opened: u64,
    /// Invitations that were used.
    pub accepted: u64,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Time of the first download of the codes.
    pub downloaded_at: Option<DateTime<Utc>>,
    /// `None` after the erasure of the account.
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
}

/// A record that a batch may invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitee {
    pub record: RecordId,
    pub given_names: String,
    /// `None` without an address, or where its owner wants no mail.
    pub address: Option<EmailAddress>,
}

/// An invitation of a batch.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    pub id: RecordInvitationId,
    pub record: RecordId,
    pub code_hash: ClaimCodeHash,
    /// Of the link by which the owner of the mailbox wants no more mail; `None` for a printed invitation.
    pub disown_hash: Option<TokenHash>,
}

/// An invitation as it is printed.
#[derive(Clone, Debug)]
pub struct PrintedInvitation {
    pub id: RecordInvitationId,
    pub code_hash: ClaimCodeHash,
    /// Surname and given names.
    pub name: String,
    /// The name of the department of the newest award.
    pub department: Option<String>,
    /// The year of the newest award.
    pub year: Option<i16>,
    pub expires_at: DateTime<Utc>,
}

pub trait InvitationReads {
    fn batch(&mut self, id: BatchId) -> Result<Option<Batch>, StoreError>;

    /// At most `limit` batches, newest first.
    fn list_batches(
        &mut self,
        seek: Seek<TimePosition<BatchId>>,
        limit: u32,
    ) -> Result<Vec<Batch>, StoreError>;

    fn count_batches(&mut self) -> Result<Total, StoreError>;

    /// At most `limit` active records of the segment after this one, by id, without those that are linked to an account.
    fn invitees(
        &mut self,
        segment: &Segment,
        after: Option<RecordId>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Invitee>, StoreError>;

    /// At most `limit` unused invitations of the batch after this one, by id.
    fn printed_invitations(
        &mut self,
        batch: BatchId,
        after: Option<RecordInvitationId>,
        limit: u32,
    ) -> Result<Vec<PrintedInvitation>, StoreError>;
}

pub trait InvitationWrites {
    fn insert_batch(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Locks the batch until the transaction ends.
    fn lock_batch(&mut self, id: BatchId) -> Result<Option<Batch>, StoreError>;

    /// Adds invitations to a locked batch, and counts them and what was skipped.
    fn insert_invitations(
        &mut self,
        batch: &Batch,
        new: &[NewInvitation],
        skipped: u64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn set_batch_state(
        &mut self,
        id: BatchId,
        state: BatchState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// From now on none of its codes is good.
    fn revoke_batch(&mut self, id: BatchId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Notes the first download.
    fn mark_batch_downloaded(&mut self, id: BatchId, now: DateTime<Utc>) -> Result<(), StoreError>;
}
