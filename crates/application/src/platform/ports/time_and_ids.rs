use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, in whole microseconds: what PostgreSQL keeps, so that a time is the same when it is
    /// sent and when it is read back.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes identifiers and secrets.
pub trait Ids: Send + Sync + 'static {
    /// A UUIDv4, for people, rooms and tokens.
    fn random(&self) -> Uuid;

    /// A UUIDv7, for messages: later ones sort after earlier ones.
    fn time_ordered(&self) -> Uuid;

    /// 32 bytes nobody can guess.
    fn secret(&self) -> [u8; 32];
}
