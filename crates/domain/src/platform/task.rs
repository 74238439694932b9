//! Tasks: long work in the background, as the people see it who asked for it.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{TaskId, UserId, named_enum};

named_enum! {
    /// How far a task is.
    pub enum TaskState {
        /// Waits for a worker, or for its next attempt.
        Queued => "queued",
        /// A worker has it.
        Running => "running",
        /// Ends as canceled once its current step is over.
        Canceling => "canceling",
        /// Ended with success.
        Done => "done",
        /// Given up.
        Failed => "failed",
        /// Ended on request.
        Canceled => "canceled",
    }
}

impl TaskState {
    /// Whether the task changes no more.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Canceled)
    }
}

/// Where the work stands within its current phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The part of the work under way, such as `stage`.
    pub phase: String,
    /// How much of the phase is done, in units.
    pub done: u64,
    /// How much the phase has; `None` while that is not known.
    pub total: Option<u64>,
    /// What is counted, such as `rows`.
    pub unit: String,
}

/// Long work, and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it does, such as `import_judge`.
    pub kind: String,
    /// What it works on, such as an import.
    pub subject: Option<Uuid>,
    /// How far it is.
    pub state: TaskState,
    /// `None` before the first phase.
    pub progress: Option<Progress>,
    /// Holders of this permission see and cancel it, besides its creator.
    pub permission: Option<String>,
    /// `None` for the operator and for the server itself.
    pub created_by: Option<UserId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Time of the last change of anything here.
    pub last_modified: DateTime<Utc>,
    /// When the current phase began.
    pub phase_began_at: Option<DateTime<Utc>>,
    /// Why it failed; `None` unless it did.
    pub failure: Option<String>,
}

impl Task {
    /// The time that the rest of the phase takes at its pace up to the last progress. `None` unless
    /// the task runs, the total is known and something is done.
    pub fn eta(&self) -> Option<TimeDelta> {
        let progress = self.progress.as_ref()?;
        let (done, total) = (progress.done, progress.total?);
        if self.state != TaskState::Running || done == 0 {
            return None;
        }
        let taken = self.last_modified - self.phase_began_at?;
        let rest = total.saturating_sub(done) as f64 / done as f64;
        let seconds = taken.as_seconds_f64().max(0.0) * rest;
        // `from` saturates: no task is shown to last for centuries.
        TimeDelta::try_seconds(seconds.ceil() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(state: TaskState, done: u64, total: Option<u64>, seconds: i64) -> Task {
        let began = DateTime::UNIX_EPOCH;
        Task {
            id: TaskId::new(Uuid::nil()),
            kind: "import_judge".to_owned(),
            subject: None,
            state,
            progress: Some(Progress {
                phase: "stage".to_owned(),
                done,
                total,
                unit: "rows".to_owned(),
            }),
            permission: None,
            created_by: None,
            created_at: began,
            last_modified: began + TimeDelta::seconds(seconds),
            phase_began_at: Some(began),
            failure: None,
        }
    }

    fn eta(done: u64, total: Option<u64>, seconds: i64) -> Option<i64> {
        let eta = task(TaskState::Running, done, total, seconds).eta();
        eta.map(|eta| eta.num_seconds())
    }

    #[test]
    fn the_rest_takes_as_long_for_each_unit_as_what_is_done() {
        assert_eq!(eta(250, Some(1_000), 10), Some(30));
        assert_eq!(eta(999, Some(1_000), 1), Some(1));
        assert_eq!(eta(1_000, Some(1_000), 10), Some(0));
        assert_eq!(eta(2_000, Some(1_000), 10), Some(0));
        assert_eq!(eta(1, Some(u64::MAX), 10_000), None);
    }

    #[test]
    fn without_a_total_or_a_pace_there_is_no_estimate() {
        assert_eq!(eta(250, None, 10), None);
        assert_eq!(eta(0, Some(1_000), 10), None);
        for state in TaskState::ALL
            .iter()
            .copied()
            .filter(|state| *state != TaskState::Running)
        {
            assert_eq!(task(state, 250, Some(1_000), 10).eta(), None);
        }
    }
}
