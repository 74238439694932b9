use abu_domain::{
    AwardId, DepartmentId, ImportId, MergeId, RecordId, UserId,
    alumni::register::{
        Award, AwardDetails, Classmate, FieldSource, Record, RecordDetails, RecordState,
    },
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// What narrows a list of records. Empty conditions admit every record.
#[derive(Clone, Debug, Default)]
pub struct RecordFilter {
    /// One set for each word: a name has a token of every set.
    pub words: Vec<Vec<String>>,
    /// The compared form of a matriculation number.
    pub matric: Option<String>,
    pub email: Option<String>,
    pub departments: Vec<String>,
    pub year: Option<i16>,
    pub import: Option<ImportId>,
    /// Any of these; none is all but merged ones.
    pub states: Vec<RecordState>,
}

/// The codes by which the wire names an award's reference data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwardCodes {
    pub degree: String,
    pub department: Option<String>,
    pub programme: Option<String>,
}

/// Something that happened to a record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordEvent {
    pub at: DateTime<Utc>,
    /// `created`, `changed`, `merged` or `absorbed`.
    pub kind: String,
    pub actor: Option<UserId>,
    pub import: Option<ImportId>,
    pub merge: Option<MergeId>,
    /// The changed fields as they were.
    pub before: Value,
}

/// An event before it is stored.
#[derive(Clone, Debug)]
pub struct NewRecordEvent {
    pub record: RecordId,
    pub kind: &'static str,
    pub actor: Option<UserId>,
    pub merge: Option<MergeId>,
    pub before: Value,
}

/// Two records that may be one person; the lower id comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicatePair {
    pub left: RecordId,
    pub right: RecordId,
    /// `matric` or `names`.
    pub reason: String,
    pub found_at: DateTime<Utc>,
}

/// What moved from a merged record to the one that replaced it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovedLinks {
    pub claims: Vec<Uuid>,
    pub invitations: Vec<Uuid>,
}

/// A merge to be stored.
#[derive(Clone, Debug)]
pub struct NewMerge {
    pub id: MergeId,
    pub keep: RecordId,
    pub drop: RecordId,
    pub choices: Value,
    pub before: Value,
    pub moved: Value,
    pub actor: Option<UserId>,
    pub at: DateTime<Utc>,
}

/// A department and a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassKey {
    pub department: DepartmentId,
    pub year: i16,
}

/// Graduates by class.
#[derive(Clone, Debug, Default)]
pub struct Classmates {
    pub graduates: Vec<(ClassKey, Classmate)>,
    /// The last class; none where no class follows.
    pub last: Option<ClassKey>,
}

/// Records of the register, as they are read.
pub trait RecordReads {
    fn record(&mut self, id: RecordId) -> Result<Option<Record>, StoreError>;

    /// Those that exist, in the order of their ids.
    fn records(&mut self, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// The awards of these records, the earliest first.
    fn awards_of(&mut self, records: &[RecordId]) -> Result<Vec<(Award, AwardCodes)>, StoreError>;

    /// The noted sources of a record's fields and of those of its awards.
    fn field_sources(&mut self, record: RecordId) -> Result<Vec<FieldSource>, StoreError>;

    /// In the order of the ids.
    fn list_records(
        &mut self,
        filter: &RecordFilter,
        seek: Seek<RecordId>,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError>;

    fn count_records(&mut self, filter: &RecordFilter) -> Result<Total, StoreError>;

    /// What the office, imports and merges did to the record, the newest first.
    fn record_history(
        &mut self,
        record: RecordId,
        limit: u32,
    ) -> Result<Vec<RecordEvent>, StoreError>;

    /// Pairs of records that stand for people and that the office has not dismissed, in the order of their ids.
    fn list_duplicates(
        &mut self,
        seek: Seek<(RecordId, RecordId)>,
        limit: u32,
    ) -> Result<Vec<DuplicatePair>, StoreError>;

    fn count_duplicates(&mut self) -> Result<Total, StoreError>;

    /// Those of the records to which a verified claim links an account.
    fn claimed_records(&mut self, records: &[RecordId]) -> Result<Vec<RecordId>, StoreError>;

    /// Graduates of whole classes after that one, about as many as asked for, in the order of the classes. Records
    /// that are merged or restricted are left out.
    fn classmates_after(
        &mut self,
        after: Option<ClassKey>,
        about: u32,
    ) -> Result<Classmates, StoreError>;
}

/// Records of the register, as they are written.
pub trait RecordWrites {
    /// Keeps imports from writing to the register until the transaction ends; false if one waits or writes. Lock order:
    /// before records.
    fn share_register(&mut self) -> Result<bool, StoreError>;

    /// Locks the records until the end of the transaction, in the order of their ids, and returns those that exist.
    fn lock_records(&mut self, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    fn insert_record(
        &mut self,
        id: RecordId,
        details: &RecordDetails,
        tokens: &[String],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Replaces what a locked record says, and makes its next version.
    fn update_record(
        &mut self,
        id: RecordId,
        details: &RecordDetails,
        tokens: &[String],
        state: RecordState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn insert_award(
        &mut self,
        id: AwardId,
        record: RecordId,
        details: &AwardDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn update_award(
        &mut self,
        id: AwardId,
        details: &AwardDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn delete_awards(&mut self, ids: &[AwardId]) -> Result<(), StoreError>;

    /// Notes where fields came from, in place of what was noted before.
    fn note_sources(&mut self, record: RecordId, sources: &[FieldSource])
    -> Result<(), StoreError>;

    fn add_record_event(
        &mut self,
        event: &NewRecordEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// The records with their awards and field sources, as JSON by id.
    fn snapshot_records(&mut self, ids: &[RecordId]) -> Result<Value, StoreError>;

    /// Gives the awards another record, with what is noted about their fields.
    fn move_awards(
        &mut self,
        ids: &[AwardId],
        to: RecordId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Locks the claims on records until the end of the transaction, in the order of their ids. Reviewers lock a claim
    /// before its record too.
    fn lock_claims_on(&mut self, records: &[RecordId]) -> Result<(), StoreError>;

    /// Gives claims and invitations of a record another one.
    fn move_links(&mut self, from: RecordId, to: RecordId) -> Result<MovedLinks, StoreError>;

    /// Marks a record as replaced, and the records that it had replaced. Returns the latter.
    fn mark_merged(
        &mut self,
        drop: RecordId,
        keep: RecordId,
        now: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, StoreError>;

    fn insert_merge(&mut self, merge: &NewMerge) -> Result<(), StoreError>;

    /// Remembers that two records are two people. The left id is lower.
    fn dismiss_duplicate(
        &mut self,
        left: RecordId,
        right: RecordId,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Notes pairs with one matriculation number and degree, for about that many awards after the number. Returns the
    /// last number; none at the end.
    fn find_shared_matrics(
        &mut self,
        after: Option<&str>,
        about: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError>;

    /// Notes pairs of namesakes; the left id is lower.
    fn note_namesakes(
        &mut self,
        pairs: &[(RecordId, RecordId)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Forgets pairs that were last found before then, unless they are dismissed.
    fn forget_duplicates(&mut self, before: DateTime<Utc>) -> Result<(), StoreError>;
}
