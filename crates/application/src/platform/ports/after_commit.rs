/// Work that a commit makes due for the workers of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Mail,
    Jobs,
}

pub trait AfterCommit {
    /// Announces `due` after this transaction commits; a rollback announces nothing.
    fn after_commit(&mut self, due: Due);
}
