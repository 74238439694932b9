use std::error::Error;

use super::{
    AccessRepository, AssignmentRepository, AuditRepository, ConsentRepository, EmailRepository,
    ErasureRepository, GroupRepository, IdempotencyRepository, MailRepository, MessageRepository,
    OwnAccountRepository, PermissionRepository, ResetRepository, RoleRepository, RoomRepository,
    SessionRepository, TicketRepository, TotpRepository, UserRepository,
};

/// What went wrong in the store. That something is not there is no error but an `Option`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row like it is there already, or what it points to is not.
    #[error("the constraint {constraint} does not allow it")]
    Conflict {
        /// Name of the constraint or unique index.
        constraint: String,
    },
    /// The database cannot be reached, or did not answer in time. Nothing was changed.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The connection broke while committing: whether it was done is not known.
    #[error("the connection broke during a commit")]
    CommitInDoubt(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else: a bug, or a database that is not ours.
    #[error("the database refused")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

macro_rules! transaction {
    ($($rows:ident,)*) => {
        /// Everything that can be asked of the store on one connection.
        pub trait Transaction: $($rows +)* {}

        impl<T: $($rows +)*> Transaction for T {}
    };
}

transaction! {
    AccessRepository,
    AssignmentRepository,
    AuditRepository,
    ConsentRepository,
    EmailRepository,
    ErasureRepository,
    GroupRepository,
    IdempotencyRepository,
    MailRepository,
    MessageRepository,
    OwnAccountRepository,
    PermissionRepository,
    ResetRepository,
    RoleRepository,
    RoomRepository,
    SessionRepository,
    TicketRepository,
    TotpRepository,
    UserRepository,
}

/// The database. Its methods block: on an async thread, go through
/// [`Database`](crate::database::Database).
///
/// The two required methods are the dyn-compatible core; callers use
/// [`transaction`](trait.Store.html#method.transaction) and `read`, which return values.
pub trait Store: Send + Sync + 'static {
    /// Calls `work` once inside a transaction and commits if it returns true.
    ///
    /// # Errors
    /// Where no connection can be had, or beginning or committing fails. `work` may not have run.
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> bool,
    ) -> Result<(), StoreError>;

    /// Calls `work` once on a connection without a transaction: each statement sees its own moment.
    ///
    /// # Errors
    /// Where no connection can be had. `work` has not run then.
    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Transaction)) -> Result<(), StoreError>;

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where there is none.
    fn ping(&self) -> Result<(), StoreError>;
}

impl dyn Store {
    /// Runs `work` in a transaction, which is committed if and only if `work` succeeds.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub fn transaction<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut work = Some(work);
        let mut result = None;
        self.run_transaction(&mut |tx| {
            let outcome = work.take().map(|work| work(tx));
            let commit = matches!(outcome, Some(Ok(_)));
            result = outcome;
            commit
        })?;
        result.unwrap_or_else(|| Err(never_ran().into()))
    }

    /// Runs `work` on a connection without a transaction; for work that changes nothing, or that is
    /// one statement.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut work = Some(work);
        let mut result = None;
        self.run_read(&mut |tx| result = work.take().map(|work| work(tx)))?;
        result.unwrap_or_else(|| Err(never_ran().into()))
    }
}

fn never_ran() -> StoreError {
    StoreError::Other("the store did not run the work it was given".into())
}
