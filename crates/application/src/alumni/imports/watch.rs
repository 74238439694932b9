use abu_domain::platform::task::Progress;

/// Follows a long step, and may end it early.
pub trait Watch {
    /// Whether the step shall go on.
    fn progress(&self, progress: Progress) -> bool;
}

/// For steps without an observer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _progress: Progress) -> bool {
        true
    }
}

/// Steps within a phase, as progress.
pub(super) fn steps(phase: &str, done: u64, total: u64) -> Progress {
    Progress {
        phase: phase.to_owned(),
        done,
        total: Some(total),
        unit: "steps".to_owned(),
    }
}
