//! Evidence: files such as a scanned certificate, which an applicant sends and a reviewer reads.
//!
//! A row is written before its file, and deleted after it, so a crash leaves no file without a row. The kind of a file
//! is what its first bytes say.

mod deletion;

use std::io::Write;

use abu_domain::{
    ClaimId, EvidenceId,
    access::Permission,
    alumni::claims::{ClaimState, Command, EvidenceKind, MAX_EVIDENCE, MAX_EVIDENCE_BYTES},
    platform::file_key::FileKey,
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    ClaimError, Claims, OwnClaim,
    own::{own_open_locked, with_events},
    transition,
};
use crate::{
    access::{self, Authority, Caller},
    alumni::ports::{ClaimRecord, Evidence},
    platform::{
        audit::Action,
        orphans::FileOwner,
        ports::{FileError, FileWriter, StoreError, StoredFile},
        rate_limits::{Guard, Subject},
        versions::{Expected, Version},
    },
    store::{Reads, Writes},
};

pub use deletion::{EvidenceJob, ForgottenClaims};

/// Longer than an upload at the least rate takes. Then it counts as given up.
const UPLOAD_LIFETIME: TimeDelta = TimeDelta::hours(2);
/// How long files are kept after the decision.
const KEPT_AFTER_DECISION: TimeDelta = TimeDelta::days(30);

/// A file that is being received. Dropped before it is stored, it leaves nothing but a note that a job deletes.
pub struct EvidenceUpload {
    id: EvidenceId,
    claim: ClaimId,
    writer: Box<dyn FileWriter>,
    hash: Sha256,
    bytes: u64,
    head: Vec<u8>,
}

/// An open file of a claim.
#[derive(Debug)]
pub struct OpenEvidence {
    pub evidence: Evidence,
    pub file: StoredFile,
}

impl EvidenceUpload {
    /// Appends bytes; it blocks. A file that is too large, or of no kind that is taken, is refused as soon as that
    /// shows.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ClaimError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_EVIDENCE_BYTES {
            return Err(ClaimError::EvidenceTooLarge);
        }
        let missing = EvidenceKind::HEAD - self.head.len();
        self.head.extend(bytes.iter().take(missing));
        if self.head.len() == EvidenceKind::HEAD {
            self.kind()?;
        }
        self.hash.update(bytes);
        Ok(self.writer.write_all(bytes).map_err(FileError::from)?)
    }

    fn kind(&self) -> Result<EvidenceKind, ClaimError> {
        EvidenceKind::of(&self.head).ok_or(ClaimError::EvidenceKind)
    }

    fn evidence(&self, now: DateTime<Utc>) -> Result<Evidence, ClaimError> {
        Ok(Evidence {
            id: self.id,
            claim: self.claim,
            kind: self.kind()?,
            bytes: self.bytes,
            sha256: self.hash.clone().finalize().into(),
            uploaded_at: now,
        })
    }
}

impl Claims {
    /// Whether the caller may send a file as evidence of their claim, which must be open; counts it. Then begins to
    /// receive the file.
    pub async fn begin_evidence(
        &self,
        caller: Caller,
        claim: ClaimId,
        expected: Expected,
    ) -> Result<EvidenceUpload, ClaimError> {
        let now = self.context.clock.now();
        let id = EvidenceId::new(self.context.ids.random());
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let record = own_open_locked(tx, &caller, claim)?;
                expected.check(Version::of(record.claim.last_modified))?;
                let limits = &this.context.limits;
                let bucket = limits.bucket(Guard::ClaimEvidence, &[Subject::User(caller.user)]);
                limits.count_or_refuse::<ClaimError>(tx, bucket, now)?;
                require_room(&tx.evidence_of(record.claim.id, now)?)?;
                Ok::<_, ClaimError>(tx.reserve_evidence(id, claim, now, now + UPLOAD_LIFETIME)?)
            })
            .await?;
        let files = self.context.files.clone();
        let writer = self
            .disk
            .run(move || Ok::<_, ClaimError>(files.create(&file_key(id)?)?))
            .await??;
        Ok(EvidenceUpload {
            id,
            claim,
            writer,
            hash: Sha256::new(),
            bytes: 0,
            head: Vec::new(),
        })
    }

    /// Stores a received file. One that the claim has already is dropped.
    pub async fn add_evidence(
        &self,
        caller: Caller,
        upload: EvidenceUpload,
        expected: Expected,
    ) -> Result<OwnClaim, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .run(move |store| {
                store.transaction(|tx| {
                    let record = own_open_locked(tx, &caller, upload.claim)?;
                    expected.check(Version::of(record.claim.last_modified))?;
                    let record = this.store_evidence(tx, &caller, record, upload, now)?;
                    with_events(tx, record, now)
                })
            })
            .await
    }

    fn store_evidence(
        &self,
        tx: &mut dyn Writes,
        caller: &Caller,
        record: ClaimRecord,
        upload: EvidenceUpload,
        now: DateTime<Utc>,
    ) -> Result<ClaimRecord, ClaimError> {
        let evidence = upload.evidence(now)?;
        let known = tx.evidence_of(record.claim.id, now)?;
        if known.iter().any(|known| known.sha256 == evidence.sha256) {
            return Ok(record);
        }
        require_room(&known)?;
        // Before the commit, so no reader finds the row without its file. If the commit fails, the job deletes both.
        upload.writer.finish()?;
        if !tx.store_evidence(&evidence)? {
            return Err(ClaimError::NotFound);
        }
        self.apply(tx, record, &Command::Attach, caller, now)
    }

    /// Opens a file for a reviewer; takes `can_verify_alumni`, and is audited.
    pub async fn open_evidence(
        &self,
        caller: Caller,
        claim: ClaimId,
        id: EvidenceId,
    ) -> Result<OpenEvidence, ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let files = self.context.files.clone();
        self.context
            .database
            .run(move |store| {
                let evidence = store.transaction(|tx| {
                    access::require(tx, &caller, Permission::VerifyAlumni)?;
                    let stored = tx.evidence_of(claim, now)?;
                    let found = stored.into_iter().find(|stored| stored.id == id);
                    let evidence = found.ok_or(ClaimError::EvidenceNotFound)?;
                    caller
                        .entry(Action::ClaimViewEvidence)
                        .on(transition::target(claim))
                        .with("evidence", id.to_string())
                        .write(tx, entry_id, now)?;
                    Ok::<_, ClaimError>(evidence)
                })?;
                let file = files.open(&file_key(id)?).map_err(|error| match error {
                    FileError::NotFound => ClaimError::EvidenceNotFound,
                    error => error.into(),
                })?;
                Ok(OpenEvidence { evidence, file })
            })
            .await
    }
}

/// When the files of a claim that was decided are deleted: at once if it was withdrawn.
pub(super) fn delete_after(state: ClaimState, decided_at: DateTime<Utc>) -> DateTime<Utc> {
    match state {
        ClaimState::Withdrawn => decided_at,
        _ => decided_at + KEPT_AFTER_DECISION,
    }
}

fn require_room(stored: &[Evidence]) -> Result<(), ClaimError> {
    match stored.len() < MAX_EVIDENCE {
        true => Ok(()),
        false => Err(ClaimError::TooMuchEvidence),
    }
}

/// Where the files are.
pub struct EvidenceFolder;

impl FileOwner for EvidenceFolder {
    fn folder(&self) -> &'static str {
        "evidence"
    }

    fn extension(&self) -> &'static str {
        ""
    }

    fn with_files(&self, tx: &mut dyn Reads, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        tx.known_evidence(ids)
    }
}

/// The file's name in the store of files.
fn file_key(id: EvidenceId) -> Result<FileKey, StoreError> {
    FileKey::parse(&format!("evidence/{id}"))
        .map_err(|violation| StoreError::Other(violation.rule.into()))
}
