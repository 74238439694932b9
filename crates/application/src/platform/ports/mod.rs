//! Ports of the platform area: outbox, jobs, tasks, files, audit log, idempotency keys, rate limits, events,
//! clock and ids.

mod after_commit;
mod all_ports;
mod audit;
mod files;
mod idempotency;
mod jobs;
mod key_age;
mod mail;
mod publish;
mod rate_limits;
mod store_error;
mod tasks;
mod time_and_ids;

pub use after_commit::{AfterCommit, Due};
pub(crate) use all_ports::all_ports;
pub use audit::{
    AuditEntry, AuditFilter, AuditHead, AuditReads, AuditRow, AuditWitness, AuditWrites, HeadSealer,
};
pub use files::{FileEntries, FileEntry, FileError, FileStore, FileWriter, StoredFile};
pub use idempotency::{
    IdempotencyReads, IdempotencyWrites, KnownRequest, RequestKey, StoredResponse,
};
pub use jobs::{
    After, Checkpoint, ClaimedJob, JobBacklog, JobCanceling, JobFilter, JobReads, JobRecord,
    JobWrites, LaneBacklog, Lease, NewJob, RunAt, Schedule,
};
pub use key_age::KeyAge;
pub use mail::{
    ClaimedMail, Mail, MailBacklog, MailFilter, MailReads, MailRecord, MailRenderer, MailWrites,
    Mailer, MailerError, RenderedMail,
};
pub use publish::{Applied, NoSubscribers, Publish};
pub use rate_limits::{Bucket, BucketKey, BucketRule, RateLimitReads, RateLimitWrites, WhenEmpty};
pub use store_error::StoreError;
pub use tasks::{NewTask, TaskEnd, TaskReads, TaskWrites};
pub use time_and_ids::{Clock, Ids};

all_ports! {
    /// What the area reads.
    Reads: AuditReads, IdempotencyReads, JobReads, MailReads, RateLimitReads, TaskReads,;
    /// What the area writes.
    Writes: AuditWrites, IdempotencyWrites, JobWrites, MailWrites, RateLimitWrites, TaskWrites,;
}
