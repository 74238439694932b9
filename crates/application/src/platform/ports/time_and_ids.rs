use chrono::{DateTime, Utc};
use uuid::Uuid;

pub trait Clock: Send + Sync + 'static {
    /// Whole microseconds, as PostgreSQL stores: a time reads back as it was written.
    fn now(&self) -> DateTime<Utc>;
}

pub trait Ids: Send + Sync + 'static {
    /// A UUIDv4.
    fn random(&self) -> Uuid;

    /// A UUIDv7, so later ids sort after earlier ones.
    fn time_ordered(&self) -> Uuid;

    /// 32 bytes from a cryptographically secure generator.
    fn secret(&self) -> [u8; 32];
}
