//! Copies of a user's data (data portability): a task writes one JSON file, which its owner fetches
//! once logged in.

mod jobs;

use std::sync::Arc;

use abu_domain::{
    ExportId, TaskId, UserId, identity::text::LoginPassword, platform::file_key::FileKey,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    passwords::{ConfirmError, PasswordWork},
    ports::{
        DataExport, ErasureListener, ErasureStep, ExportPage, ExportSource, ExportState,
        IdentityPart,
    },
};
use crate::{
    Context,
    access::{self, AccessError, Authority, Caller},
    platform::{
        audit::{Action, Target},
        jobs::Lane,
        orphans::FileOwner,
        ports::{FileError, FileStore, NewJob, NewTask, RunAt, StoreError, StoredFile},
        rate_limits::{Guard, RateLimited, Subject},
    },
    store::{Reads, Store},
};

pub(super) use jobs::handlers;
pub use jobs::{DeleteExports, WriteExport};

/// How long a file can be fetched.
pub const EXPORT_KEPT: TimeDelta = TimeDelta::days(7);
/// The kind of the task and of its job.
const KIND: &str = "export_account";
/// The most exports that a user sees: one a day, for as long as a file is kept, and failed ones.
const LISTED: u32 = 20;
/// Rows of a page.
const ROWS: u32 = 500;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// One a day.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// There is none, or it is another user's.
    #[error("there is no such export")]
    NotFound,
    #[error("the file is not written yet")]
    NotReady,
    #[error("the file was deleted")]
    Gone,
    #[error("the file cannot be read")]
    File(#[source] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for ExportError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

#[derive(Clone)]
pub struct Exports {
    pub context: Context,
    pub passwords: PasswordWork,
    /// The areas whose data the file holds, in the order of the file.
    pub sources: Arc<[Arc<dyn ExportSource>]>,
}

impl Exports {
    /// Has a copy of the caller's data written; once a day.
    pub async fn request(
        &self,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<DataExport, ExportError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = Arc::clone(&self.context.ids);
        let limits = Arc::clone(&self.context.limits);
        self.context
            .database
            .transaction(move |tx| {
                let user = confirmed.lock(tx)?.id;
                let bucket = limits.bucket(Guard::Export, &[Subject::User(user)]);
                limits.count_or_refuse::<ExportError>(tx, bucket, now)?;
                let export = DataExport {
                    id: ExportId::new(ids.random()),
                    user_id: user,
                    task: TaskId::new(ids.random()),
                    requested_at: now,
                    state: ExportState::Pending,
                };
                tx.insert_export(&export)?;
                tx.start_task(&task_of(&export), &job_of(&export, ids.time_ordered()))?;
                confirmed
                    .caller
                    .entry(Action::AccountExport)
                    .on(Target::user(user))
                    .with("export", export.id.to_string())
                    .write(tx, entry_id, now)?;
                Ok(export)
            })
            .await
    }

    /// The caller's exports, newest first.
    pub async fn list(&self, caller: Caller) -> Result<Vec<DataExport>, ExportError> {
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                Ok(tx.exports_of(caller.user, LISTED)?)
            })
            .await
    }

    pub async fn get(&self, caller: Caller, id: ExportId) -> Result<DataExport, ExportError> {
        self.context
            .database
            .read(move |tx| own(tx, &caller, id))
            .await
    }

    /// Opens the file for its owner.
    pub async fn open(&self, caller: Caller, id: ExportId) -> Result<StoredFile, ExportError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let files = Arc::clone(&self.context.files);
        self.context
            .database
            .run(move |store| {
                store.transaction(|tx| {
                    let export = own(tx, &caller, id)?;
                    require_ready(&export, now)?;
                    caller
                        .entry(Action::AccountFetchExport)
                        .on(Target::user(caller.user))
                        .with("export", id.to_string())
                        .write(tx, entry_id, now)?;
                    Ok::<_, ExportError>(())
                })?;
                files.open(&file_key(id)?).map_err(|error| match error {
                    FileError::NotFound => ExportError::Gone,
                    error => ExportError::File(error),
                })
            })
            .await
    }
}

fn own(tx: &mut dyn Reads, caller: &Caller, id: ExportId) -> Result<DataExport, ExportError> {
    access::require_self(tx, caller)?;
    tx.export(id)?
        .filter(|export| export.user_id == caller.user)
        .ok_or(ExportError::NotFound)
}

fn require_ready(export: &DataExport, now: DateTime<Utc>) -> Result<(), ExportError> {
    match export.state {
        ExportState::Ready { until, .. } if now < until => Ok(()),
        ExportState::Pending => Err(ExportError::NotReady),
        ExportState::Ready { .. } | ExportState::Failed { .. } => Err(ExportError::Gone),
    }
}

fn task_of(export: &DataExport) -> NewTask {
    NewTask {
        id: export.task,
        kind: KIND,
        subject: Some(export.id.uuid()),
        permission: None,
        created_by: Some(export.user_id),
        created_at: export.requested_at,
    }
}

/// In the lane that no person waits at: the file may take longer than a page view.
fn job_of(export: &DataExport, id: Uuid) -> NewJob {
    NewJob {
        id: id.into(),
        lane: Lane::Bulk,
        kind: KIND,
        key: Some(export.id.to_string()),
        payload: json!({"export": export.id}),
        run_at: RunAt::Now,
    }
}

/// The file's name in the store of files.
fn file_key(id: ExportId) -> Result<FileKey, StoreError> {
    FileKey::parse(&format!("exports/{id}.json"))
        .map_err(|violation| StoreError::Other(violation.rule.into()))
}

/// What identity and access hold about a user.
pub struct OwnIdentity;

impl ExportSource for OwnIdentity {
    fn parts(&self) -> Vec<&'static str> {
        IdentityPart::ALL.iter().map(|part| part.name()).collect()
    }

    fn page(
        &self,
        tx: &mut dyn Reads,
        user: UserId,
        part: &str,
        after: Option<&str>,
    ) -> Result<ExportPage, StoreError> {
        match IdentityPart::from_name(part) {
            Some(part) => tx.identity_rows(user, part, after, ROWS),
            None => Ok(ExportPage::default()),
        }
    }
}

/// Deletes the copies of an erased account.
pub struct ForgottenExports {
    pub files: Arc<dyn FileStore>,
}

impl ErasureListener for ForgottenExports {
    fn erase(
        &self,
        store: &dyn Store,
        user: UserId,
        _position: Option<Uuid>,
        _now: DateTime<Utc>,
    ) -> Result<ErasureStep, StoreError> {
        let exports = store.read(|tx| tx.exports_of(user, LISTED))?;
        if exports.is_empty() {
            return Ok(ErasureStep::Done);
        }
        let ids: Vec<ExportId> = exports.into_iter().map(|export| export.id).collect();
        delete(store, &*self.files, &ids)?;
        Ok(ErasureStep::GoOn(None))
    }
}

/// Where copies are.
pub struct ExportFolder;

impl FileOwner for ExportFolder {
    fn folder(&self) -> &'static str {
        "exports"
    }

    fn extension(&self) -> &'static str {
        ".json"
    }

    fn with_files(&self, tx: &mut dyn Reads, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        tx.known_exports(ids)
    }
}

/// Deletes files first: a row without its file is deleted later, a file without its row never.
fn delete(store: &dyn Store, files: &dyn FileStore, ids: &[ExportId]) -> Result<(), StoreError> {
    for id in ids {
        files
            .delete(&file_key(*id)?)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
    }
    store.transaction(|tx| tx.delete_exports(ids))
}
