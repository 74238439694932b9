//! Receiving a file, and storing its import with the job that judges it.

use std::io::Write;

use abu_domain::{
    ImportId, TaskId, UserId,
    access::Permission,
    alumni::imports::{Mapping, MappingError},
    platform::file_key::FileKey,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    ImportDraft, ImportError, Imports,
    jobs::{ImportJob, JUDGE},
};
use crate::{
    access::{self, Authority, Caller},
    alumni::ports::{Import, NewImport},
    platform::{
        audit::{Action, Target},
        orphans::FileOwner,
        ports::{FileWriter, StoreError},
    },
    store::{Reads, Store, Writes},
};

/// A file that is being received. Dropped before it is stored, it leaves nothing.
pub struct Upload {
    id: ImportId,
    key: FileKey,
    writer: Box<dyn FileWriter>,
    hash: Sha256,
    bytes: u64,
    max_bytes: u64,
}

/// An import of an uploaded file.
#[derive(Clone, Debug)]
pub struct Uploaded {
    pub import: Import,
    /// False for a file that was uploaded before with the same mapping.
    pub is_new: bool,
}

impl Upload {
    /// Appends bytes; it blocks.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(ImportError::TooLarge {
                max_bytes: self.max_bytes,
            });
        }
        self.hash.update(bytes);
        Ok(self
            .writer
            .write_all(bytes)
            .map_err(crate::platform::ports::FileError::from)?)
    }

    /// SHA-256 of what has come so far.
    pub fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

impl Imports {
    /// Whether the caller may import; checked before a file is received.
    pub async fn authorize(&self, caller: Caller) -> Result<(), ImportError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ImportAlumni)?;
                Ok(())
            })
            .await
    }

    /// Begins to receive a file; it blocks.
    pub fn begin_upload(&self) -> Result<Upload, ImportError> {
        let id = ImportId::new(self.context.ids.random());
        let key = file_key(id)?;
        Ok(Upload {
            id,
            writer: self.context.files.create(&key)?,
            key,
            hash: Sha256::new(),
            bytes: 0,
            max_bytes: self.policy.max_bytes,
        })
    }

    /// Stores the file with its import, and a task that judges it. A file that was uploaded before with the same
    /// mapping is dropped.
    pub async fn upload(
        &self,
        caller: Caller,
        upload: Upload,
        draft: ImportDraft,
    ) -> Result<Uploaded, ImportError> {
        let imports = self.clone();
        self.context
            .database
            .run(move |store| imports.store_upload(store, &caller, upload, &draft, true))
            .await
    }

    /// The same without a task, for a process that goes on by itself. It blocks.
    pub fn take_file(
        &self,
        authority: &impl Authority,
        upload: Upload,
        draft: &ImportDraft,
    ) -> Result<Uploaded, ImportError> {
        self.store_upload(
            &**self.context.database.store(),
            authority,
            upload,
            draft,
            false,
        )
    }

    fn store_upload(
        &self,
        store: &dyn Store,
        authority: &impl Authority,
        upload: Upload,
        draft: &ImportDraft,
        with_task: bool,
    ) -> Result<Uploaded, ImportError> {
        check_mapping(&draft.mapping)?;
        if upload.bytes == 0 {
            return Err(ImportError::Empty);
        }
        let (now, entry_id) = self.context.now_and_entry_id();
        let new = new_import(&upload, draft, authority.user(), now)?;
        let Upload { id, writer, .. } = upload;
        store.transaction(|tx| {
            access::require(tx, authority, Permission::ImportAlumni)?;
            if !tx.insert_import(&new)? {
                let known = tx.import_of_file(&new.file_hash, &new.mapping_hash)?;
                let import = known.ok_or(ImportError::UnderWay)?;
                return Ok(Uploaded {
                    import,
                    is_new: false,
                });
            }
            if with_task {
                self.start(tx, authority, id, JUDGE)?;
            }
            // Visible before the commit, so no job finds the import without its file.
            writer.finish()?;
            let import = tx.import(id)?.ok_or(ImportError::NotFound)?;
            authority
                .entry(Action::ImportUpload)
                .on(target(id))
                .with("file", new.file_name.clone())
                .with("legal_basis", new.legal_basis.clone())
                .write(tx, entry_id, now)?;
            Ok(Uploaded {
                import,
                is_new: true,
            })
        })
    }

    /// Inserts a task with its job, which notes it at the import.
    pub(super) fn start(
        &self,
        tx: &mut dyn Writes,
        authority: &impl Authority,
        id: ImportId,
        job: ImportJob,
    ) -> Result<TaskId, ImportError> {
        let task = TaskId::new(self.context.ids.random());
        if !job.start(tx, &self.context, task, id, authority.user())? {
            return Err(ImportError::UnderWay);
        }
        tx.note_import_task(id, task)?;
        Ok(task)
    }
}

pub(super) fn target(id: ImportId) -> Target {
    Target {
        kind: "import",
        id: id.to_string(),
    }
}

pub(super) fn file_key(id: ImportId) -> Result<FileKey, ImportError> {
    FileKey::parse(&format!("imports/{id}.csv"))
        .map_err(|broken| StoreError::Other(broken.rule.into()).into())
}

/// Where uploaded files are.
pub struct ImportFolder;

impl FileOwner for ImportFolder {
    fn folder(&self) -> &'static str {
        "imports"
    }

    fn extension(&self) -> &'static str {
        ".csv"
    }

    fn with_files(&self, tx: &mut dyn Reads, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        tx.imports_with_files(ids)
    }
}

fn check_mapping(mapping: &Mapping) -> Result<(), ImportError> {
    let errors: Vec<MappingError> = mapping.errors();
    match errors.is_empty() {
        true => Ok(()),
        false => Err(ImportError::Mapping(errors)),
    }
}

fn new_import(
    upload: &Upload,
    draft: &ImportDraft,
    created_by: Option<UserId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<NewImport, ImportError> {
    let mapping = serde_json::to_value(&draft.mapping)
        .map_err(|no_json| StoreError::Other(no_json.into()))?;
    Ok(NewImport {
        id: upload.id,
        file_name: draft.file_name.clone(),
        file_hash: upload.hash(),
        file_key: upload.key.to_string(),
        bytes: upload.bytes,
        mapping_hash: mapping_hash(&mapping, draft.again.then_some(upload.id)),
        mapping,
        legal_basis: draft.legal_basis.as_str().to_owned(),
        commit_when_judged: !draft.dry_run,
        created_by,
        created_at: now,
    })
}

/// Of the mapping alone, unless the file is to be judged anew: then no other import has the hash.
fn mapping_hash(mapping: &Value, again: Option<ImportId>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(mapping.to_string());
    if let Some(id) = again {
        hash.update(id.uuid().as_bytes());
    }
    hash.finalize().into()
}
