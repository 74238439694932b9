//! Background jobs: durable work that a transaction enqueues and a worker does later.
//!
//! A use case enqueues a job in the transaction of its cause, so both commit or neither does. Workers
//! claim jobs under a lease, and do them in steps. A step commits its effects together with its
//! checkpoint, fenced by the lease: effects in the database happen exactly once, others at least once.

mod handler;
mod handlers;
mod schedule;
mod step;
mod workers;

use abu_domain::named_enum;

pub use handler::{JobError, JobHandler, Scheduled};
pub use handlers::Handlers;
pub use schedule::time_of_day;
pub use step::{Next, Settled, Step};
pub use workers::{JobRunner, JobSettings, JobTimes, JobWakes, JobWorkers, begin_counters};

named_enum! {
    /// Which workers do a job.
    #[derive(PartialOrd, Ord)]
    pub enum Lane {
        /// A person waits for it: every worker prefers it, and one does nothing else.
        Interactive => "interactive",
        /// All else.
        Bulk => "bulk",
    }
}

named_enum! {
    /// Whether a job is still to be done.
    pub enum JobState {
        /// Waits, or is under way.
        Pending => "pending",
        /// A dead letter: given up after its last attempt.
        Dead => "dead",
    }
}
