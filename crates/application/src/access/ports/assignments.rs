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

/// Which assigned roles a list shows; `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct AssignmentFilter {
    /// Whose.
    pub user: Option<UserId>,
    /// Of this role.
    pub role: Option<RoleName>,
    /// In this chapter.
    pub chapter: Option<Uuid>,
    /// Whether their term runs now.
    pub active: Option<bool>,
}

/// Roles that people hold for a term, in the store.
pub trait AssignmentReads {
    /// The assigned role.
    fn assignment(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError>;

    /// At most `limit` assigned roles, the ones assigned last first.
    fn list_assignments(
        &mut self,
        filter: &AssignmentFilter,
        seek: Seek<TimePosition<AssignmentId>>,
        limit: u32,
    ) -> Result<Vec<Assignment>, StoreError>;

    /// How many assigned roles pass the filter.
    fn count_assignments(&mut self, filter: &AssignmentFilter) -> Result<Total, StoreError>;

    /// Whether the user holds the role in that scope already, for a part of the term.
    fn is_assigned(
        &mut self,
        user: UserId,
        role: &RoleName,
        scope: Scope,
        term: Term,
    ) -> Result<bool, StoreError>;
}

/// Writes beside [`AssignmentReads`].
pub trait AssignmentWrites {
    /// Assigns a role.
    ///
    /// # Errors
    /// A conflict where there is no such user or no such role.
    fn insert_assignment(&mut self, assignment: &Assignment) -> Result<(), StoreError>;

    /// Ends a term that runs: now by the caller's clock or by the store's, whichever is earlier, but never
    /// before it began, and never later than it would have ended by itself.
    fn end_assignment(&mut self, id: AssignmentId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Deletes a term that never began.
    fn delete_assignment(&mut self, id: AssignmentId) -> Result<(), StoreError>;
}
