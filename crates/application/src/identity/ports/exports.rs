use abu_domain::{ExportId, TaskId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{platform::ports::StoreError, store::Reads};

/// A copy of a user's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataExport {
    pub id: ExportId,
    pub user_id: UserId,
    /// Writes the file.
    pub task: TaskId,
    pub requested_at: DateTime<Utc>,
    pub state: ExportState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    Pending,
    Ready {
        at: DateTime<Utc>,
        /// When the file is deleted.
        until: DateTime<Utc>,
        bytes: u64,
    },
    Failed {
        at: DateTime<Utc>,
    },
}

/// Rows of a part of an export.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportPage {
    /// JSON objects.
    pub rows: Vec<Value>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<String>,
}

/// What an area holds about a user, for a copy of their data: what the user gave and what was noted
/// about them. Of other people only what the user sees in the application.
pub trait ExportSource: Send + Sync + 'static {
    /// The names of its parts in the file.
    fn parts(&self) -> Vec<&'static str>;

    /// A page of at most a few hundred rows of a part, from where the last one ended.
    fn page(
        &self,
        tx: &mut dyn Reads,
        user: UserId,
        part: &str,
        after: Option<&str>,
    ) -> Result<ExportPage, StoreError>;
}

pub trait ExportReads {
    fn export(&mut self, id: ExportId) -> Result<Option<DataExport>, StoreError>;

    /// The newest exports of the user, newest first.
    fn exports_of(&mut self, user: UserId, limit: u32) -> Result<Vec<DataExport>, StoreError>;

    /// At most `limit` exports whose file expired before `now`, or that failed a week before.
    fn expired_exports(
        &mut self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ExportId>, StoreError>;

    /// Which of these exports there are.
    fn known_exports(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError>;

    /// At most `limit` rows of what identity and access hold about the user.
    fn identity_rows(
        &mut self,
        user: UserId,
        part: IdentityPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError>;
}

pub trait ExportWrites {
    fn insert_export(&mut self, export: &DataExport) -> Result<(), StoreError>;

    /// Notes that the file is there; false if the export is gone, as with an erased account.
    fn finish_export(
        &mut self,
        id: ExportId,
        bytes: u64,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    fn fail_export(&mut self, id: ExportId, now: DateTime<Utc>) -> Result<(), StoreError>;

    fn delete_exports(&mut self, ids: &[ExportId]) -> Result<(), StoreError>;
}

abu_domain::named_enum! {
    /// What identity and access hold about a user. The names are those of the parts of the file.
    pub enum IdentityPart {
        Account => "account",
        EmailAddresses => "email_addresses",
        Consents => "consents",
        Sessions => "sessions",
        KnownNetworks => "known_networks",
        Groups => "groups",
        Offices => "offices",
        /// Audit entries by the user and about them.
        AccessLog => "access_log",
    }
}
