//! Relations between members. Connections and blocks plug in here.

use abu_domain::UserId;

use crate::{platform::ports::StoreError, store::Reads};

/// What another member is to a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    None,
    /// Both accepted the connection.
    Connected,
    /// One of them blocked the other: neither may know of the other.
    Hidden,
}

/// Answers how members are related.
pub trait Relations: Send + Sync + 'static {
    /// How each of the others is related to the viewer, in their order.
    fn of(
        &self,
        tx: &mut dyn Reads,
        viewer: UserId,
        others: &[UserId],
    ) -> Result<Vec<Relation>, StoreError>;

    /// How many connections the member has.
    fn count_connections(&self, tx: &mut dyn Reads, user: UserId) -> Result<u64, StoreError>;
}

/// The relations of a platform without connections and blocks: there are none.
pub struct NoRelations;

impl Relations for NoRelations {
    fn of(
        &self,
        _tx: &mut dyn Reads,
        _viewer: UserId,
        others: &[UserId],
    ) -> Result<Vec<Relation>, StoreError> {
        Ok(vec![Relation::None; others.len()])
    }

    fn count_connections(&self, _tx: &mut dyn Reads, _user: UserId) -> Result<u64, StoreError> {
        Ok(0)
    }
}
