/// What a commit makes due for the workers of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// The outbox has mail to deliver.
    Mail,
}

/// Wakes workers by commits.
pub trait AfterCommit {
    /// Announces it once this transaction is committed, and never otherwise.
    fn after_commit(&mut self, due: Due);
}
