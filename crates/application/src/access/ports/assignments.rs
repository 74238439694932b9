use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, RoleName, Scope, Term},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

/// `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct AssignmentFilter {
    pub user: Option<UserId>,
    pub roles: Vec<RoleName>,
    pub chapter: Option<Uuid>,
    /// Whether the term runs now.
    pub active: Option<bool>,
}

/// Assigned roles in the store.
pub trait AssignmentReads {
    fn assignment(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError>;

    /// At most `limit` assignments, newest first.
    fn list_assignments(
        &mut self,
        filter: &AssignmentFilter,
        seek: Seek<TimePosition<AssignmentId>>,
        limit: u32,
    ) -> Result<Vec<Assignment>, StoreError>;

    fn count_assignments(&mut self, filter: &AssignmentFilter) -> Result<Total, StoreError>;

    /// Whether the user already holds the role in exactly this scope for a part of the term.
    fn is_assigned(
        &mut self,
        user: UserId,
        role: &RoleName,
        scope: Scope,
        term: Term,
    ) -> Result<bool, StoreError>;
}

pub trait AssignmentWrites {
    /// A conflict for an unknown user or role.
    fn insert_assignment(&mut self, assignment: &Assignment) -> Result<(), StoreError>;

    /// Ends a running term at the earlier of the caller's and the store's clock. The new end is
    /// never before the start and never after the old end.
    fn end_assignment(&mut self, id: AssignmentId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Deletes a term that has not begun.
    fn delete_assignment(&mut self, id: AssignmentId) -> Result<(), StoreError>;
}
