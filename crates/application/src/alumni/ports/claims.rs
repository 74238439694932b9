use abu_domain::{
    ClaimId, RecordId, RecordInvitationId, UserId,
    alumni::claims::{
        Claim, ClaimCode, ClaimCodeHash, ClaimMessage, ClaimState, ClaimedAward, EventKind,
        ReasonCode, matching::Grouped,
    },
    platform::text::EmailAddress,
};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    identity::ports::TokenHash,
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};

/// Derives the codes of invitations.
///
/// A code is a function of the invitation's id, and is stored nowhere. Its hash takes the key, too: 55 bits without a key
/// can be searched.
pub trait ClaimCodes: Send + Sync + 'static {
    /// Deterministic.
    fn code(&self, id: RecordInvitationId) -> ClaimCode;

    fn hash(&self, code: &ClaimCode) -> ClaimCodeHash;

    /// The hashes that an invitation with this code can have: under the key, and under the one before a rotation.
    fn hashes(&self, code: &ClaimCode) -> Vec<ClaimCodeHash>;

    /// The code of a stored invitation, under the key it was made with; `None` if that key is gone.
    fn recover(&self, id: RecordInvitationId, stored: &ClaimCodeHash) -> Option<ClaimCode>;
}

/// A claim with what the applicant says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRecord {
    pub claim: Claim,
    pub awards: Vec<ClaimedAward>,
    /// Full names: of the account first, then those at graduation.
    pub names: Vec<String>,
    /// Whether the applicant wants to be listed in the directory.
    pub list_me: bool,
}

/// What happened to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEvent {
    /// A UUIDv7.
    pub id: Uuid,
    pub claim: ClaimId,
    pub at: DateTime<Utc>,
    /// `None` for the server, and for people without an account.
    pub actor: Option<UserId>,
    pub kind: EventKind,
    pub reason: Option<ReasonCode>,
    pub message: Option<ClaimMessage>,
}

/// What narrows the queue. Empty lists and `None` do not filter.
#[derive(Clone, Debug, Default)]
pub struct ClaimFilter {
    pub states: Vec<ClaimState>,
    /// Exclusive: due before this time.
    pub due_before: Option<DateTime<Utc>>,
    /// Due before now.
    pub overdue: bool,
    /// Codes; any of them.
    pub faculties: Vec<String>,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuePosition {
    pub due_at: DateTime<Utc>,
    pub id: ClaimId,
}

/// A claim as the queue shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedClaim {
    pub record: ClaimRecord,
    /// Set for every claim that was submitted.
    pub due_at: DateTime<Utc>,
}

/// An entry of the reference data, as a claim needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCode {
    pub kind: CodeKind,
    pub code: String,
    /// The name, the id, and the faculty or level.
    pub facts: Grouped,
    /// Of a programme: its department.
    pub department: Option<Grouped>,
    /// The code of the faculty of a department or programme.
    pub faculty: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    Department,
    Programme,
    Degree,
}

/// Codes of the reference data.
#[derive(Clone, Debug, Default)]
pub struct AskedCodes {
    pub departments: Vec<String>,
    pub programmes: Vec<String>,
    pub degrees: Vec<String>,
}

/// An award in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwardFacts {
    pub matric: Option<String>,
    pub year: i16,
    pub class_of_degree: Option<String>,
    pub department: Option<Grouped>,
    pub programme: Option<Grouped>,
    pub degree: Grouped,
    /// The code of the degree.
    pub degree_code: String,
    pub department_code: Option<String>,
}

/// A record of the register, as a claim needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFacts {
    pub id: RecordId,
    pub surname: String,
    pub given_names: String,
    pub previous_names: Vec<String>,
    pub email: Option<EmailAddress>,
    /// The oldest first; at most 20.
    pub awards: Vec<AwardFacts>,
    /// The account that is linked to it.
    pub claimed_by: Option<UserId>,
    /// The number of claims that are or were about it, whatever became of them.
    pub claims: u32,
}

impl RecordFacts {
    /// Full names: the present one, then the previous ones with the given names.
    pub fn full_names(&self) -> Vec<String> {
        let full = |surname: &str| format!("{surname} {}", self.given_names);
        let previous = self.previous_names.iter().map(|surname| full(surname));
        [full(&self.surname)].into_iter().chain(previous).collect()
    }
}

/// What finds candidates for a claim.
#[derive(Clone, Debug, Default)]
pub struct CandidateQuery {
    /// Matriculation numbers in their normal form.
    pub matrics: Vec<String>,
    /// The spellings of up to three tokens of the names.
    pub spellings: [Vec<String>; 3],
    /// Ids of departments.
    pub departments: Vec<i16>,
    /// The years of the claim.
    pub exact_years: Vec<i16>,
    /// Inclusive; zeros where the claim names no year.
    pub years: (i16, i16),
}

/// A code to claim a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordInvitation {
    pub id: RecordInvitationId,
    pub record: RecordId,
    /// The claim whose applicant asked for the code; `None` for an invitation of the office.
    pub claim: Option<ClaimId>,
    /// Exclusive.
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    /// Of its batch.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl RecordInvitation {
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.accepted_at.is_none() && self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A code that a claimant asked for.
#[derive(Clone, Debug)]
pub struct MailboxInvitation {
    pub id: RecordInvitationId,
    pub claim: ClaimId,
    pub record: RecordId,
    pub code_hash: ClaimCodeHash,
    pub disown_hash: TokenHash,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// Claims as they are read.
pub trait ClaimReads {
    fn claim(&mut self, id: ClaimId) -> Result<Option<ClaimRecord>, StoreError>;

    /// The account's claim that waits for a decision.
    fn open_claim(&mut self, user: UserId) -> Result<Option<ClaimId>, StoreError>;

    /// At most `limit` claims of the account, newest first.
    fn claims_of(
        &mut self,
        user: UserId,
        seek: Seek<TimePosition<ClaimId>>,
        limit: u32,
    ) -> Result<Vec<ClaimRecord>, StoreError>;

    fn count_claims_of(&mut self, user: UserId) -> Result<Total, StoreError>;

    /// The newest `limit` events of a claim, the oldest of them first; for the applicant, those they may see.
    fn claim_events(
        &mut self,
        claim: ClaimId,
        for_applicant: bool,
        limit: u32,
    ) -> Result<Vec<ClaimEvent>, StoreError>;

    /// At most `limit` submitted claims, by the time when they are due.
    fn list_queue(
        &mut self,
        filter: &ClaimFilter,
        seek: Seek<DuePosition>,
        limit: u32,
    ) -> Result<Vec<QueuedClaim>, StoreError>;

    fn count_queue(&mut self, filter: &ClaimFilter) -> Result<Total, StoreError>;

    /// The number of claims that the office should have decided by `now`.
    fn overdue_claims(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError>;

    /// At most `limit` claims whose applicants were asked before `before` and have not answered, the oldest first.
    fn unanswered_claims(
        &mut self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ClaimId>, StoreError>;

    /// The public holidays from `from` on, at most 1,000.
    fn holidays(&mut self, from: NaiveDate) -> Result<Vec<NaiveDate>, StoreError>;

    /// Those of the codes that the reference data has.
    fn known_codes(&mut self, asked: &AskedCodes) -> Result<Vec<KnownCode>, StoreError>;

    /// Active records by id, in any order. A merged record is found by the one that replaced it.
    fn record_facts(&mut self, ids: &[RecordId]) -> Result<Vec<RecordFacts>, StoreError>;

    /// At most `limit` active records for each way of finding them: by number; by two names within the years; by one
    /// name within department and years.
    fn candidates(
        &mut self,
        query: &CandidateQuery,
        limit: u32,
    ) -> Result<Vec<RecordId>, StoreError>;

    /// The invitation with one of these hashes.
    fn invitation_by_code(
        &mut self,
        hashes: &[ClaimCodeHash],
    ) -> Result<Option<RecordInvitation>, StoreError>;

    fn invitation_by_disown_token(
        &mut self,
        hash: &TokenHash,
    ) -> Result<Option<RecordInvitation>, StoreError>;

    /// How many codes claimants asked for to the address of the record since then.
    fn mailbox_mails(&mut self, record: RecordId, since: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Whether no code may be mailed to the address of the record now.
    fn is_mailbox_suppressed(
        &mut self,
        record: RecordId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

/// Claims as they are written.
pub trait ClaimWrites {
    /// A conflict with `claims_open_key` if the account has an open claim.
    fn insert_claim(&mut self, claim: &ClaimRecord, faculties: &[String])
    -> Result<(), StoreError>;

    /// Stores what the applicant of a locked claim says: awards, names, and whether to be listed.
    fn save_claim_contents(
        &mut self,
        claim: &ClaimRecord,
        faculties: &[String],
    ) -> Result<(), StoreError>;

    /// Locks the claim until the transaction ends. Lock order: after the account of the applicant.
    fn lock_claim(&mut self, id: ClaimId) -> Result<Option<ClaimRecord>, StoreError>;

    /// Stores the state of a locked claim with its votes. A conflict with `claims_verified_key` if another claim is
    /// verified for the record, with `claims_verified_user_key` if the account is linked to another.
    fn save_claim(&mut self, claim: &Claim) -> Result<(), StoreError>;

    fn insert_claim_event(&mut self, event: &ClaimEvent) -> Result<(), StoreError>;

    /// Locks the record until the transaction ends; false if there is no active one. Lock order: after claims.
    fn lock_record(&mut self, id: RecordId) -> Result<bool, StoreError>;

    fn insert_mailbox_invitation(&mut self, new: &MailboxInvitation) -> Result<(), StoreError>;

    /// Notes that the preview of an invitation was seen.
    fn mark_invitation_opened(
        &mut self,
        id: RecordInvitationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Uses the code; false unless it is still good.
    fn accept_invitation_code(
        &mut self,
        id: RecordInvitationId,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Mails no code to the address of the record until then.
    fn suppress_mailbox(
        &mut self,
        record: RecordId,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Deletes the claims of an erased account, so that its record can be claimed again. Returns their number.
    fn unlink_user(&mut self, user: UserId) -> Result<usize, StoreError>;

    fn insert_holiday(
        &mut self,
        day: NaiveDate,
        name: &str,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// False if the day is none.
    fn delete_holiday(&mut self, day: NaiveDate) -> Result<bool, StoreError>;
}
