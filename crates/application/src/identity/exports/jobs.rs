//! The jobs that write and delete copies of users' data.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
    time::Duration,
};

use abu_domain::{ExportId, UserId, platform::task::Progress};
use serde::Deserialize;
use serde_json::Value;

use super::{EXPORT_KEPT, Exports, KIND, delete, file_key};
use crate::{
    identity::ports::{DataExport, ExportSource, ExportState},
    platform::{
        jobs::{JobError, JobHandler, Lane, Next, Scheduled, Settled, Step},
        mail::{self, MailContent},
        ports::{FileError, Schedule, StoreError, TaskEnd},
    },
    store::Writes,
};

/// Expired exports that are deleted at once.
const DELETED_AT_ONCE: u32 = 100;
const BETWEEN_DELETIONS: Duration = Duration::from_secs(3_600);
/// The form of the file; a change that breaks readers is another number.
const FORMAT: &str = "abu-alumni-connect/1";

#[derive(Deserialize)]
struct Payload {
    export: ExportId,
}

/// Writes the file of an export. One step writes all of it, because an unfinished file cannot be
/// continued; it holds one page of rows at a time.
pub struct WriteExport(pub Exports);

impl JobHandler for WriteExport {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let Payload { export: id } = step.payload()?;
        let export = step.store().read::<_, StoreError>(|tx| tx.export(id))?;
        let Some(export) = export.filter(|export| export.state == ExportState::Pending) else {
            return step.commit(|_tx| Ok::<_, StoreError>(Next::Done));
        };
        let bytes = self.write(&step, &export)?;
        let context = &self.0.context;
        let now = context.clock.now();
        let until = now + EXPORT_KEPT;
        let files = &*context.files;
        step.commit(|tx| {
            // The account may have been erased meanwhile.
            if !tx.finish_export(id, bytes, now, until)? {
                files.delete(&file_key(id)?)?;
                return Ok(Next::Done);
            }
            if let Some(user) = tx.user(export.user_id)? {
                let content = MailContent::ExportReady {
                    firstname: user.firstname,
                    until,
                };
                mail::enqueue(tx, &*context.ids, now, &user.email, content)?;
            }
            Ok::<_, JobError>(Next::Done)
        })
    }

    fn ended(
        &self,
        tx: &mut dyn Writes,
        payload: &Value,
        end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        if let (Ok(payload), TaskEnd::Failed(_) | TaskEnd::Canceled) =
            (Payload::deserialize(payload), end)
        {
            tx.fail_export(payload.export, self.0.context.clock.now())?;
        }
        Ok(())
    }
}

impl WriteExport {
    fn write(&self, step: &Step<'_>, export: &DataExport) -> Result<u64, JobError> {
        let context = &self.0.context;
        let mut writer = context.files.create(&file_key(export.id)?)?;
        let mut file = BufWriter::new(&mut writer);
        let exported_at = context.clock.now().to_rfc3339();
        let head = format!("{{\"format\":\"{FORMAT}\",\"exported_at\":\"{exported_at}\"");
        file.write_all(head.as_bytes()).map_err(FileError::from)?;
        let mut written = 0;
        for source in self.0.sources.iter() {
            for part in source.parts() {
                self.write_part(
                    step,
                    &mut file,
                    &**source,
                    part,
                    export.user_id,
                    &mut written,
                )?;
            }
        }
        file.write_all(b"}\n").map_err(FileError::from)?;
        file.flush().map_err(FileError::from)?;
        drop(file);
        Ok(writer.finish()?)
    }

    fn write_part(
        &self,
        step: &Step<'_>,
        file: &mut impl Write,
        source: &dyn ExportSource,
        part: &str,
        user: UserId,
        written: &mut u64,
    ) -> Result<(), JobError> {
        write!(file, ",\n\"{part}\":[").map_err(FileError::from)?;
        let mut after = None;
        let mut is_first = true;
        loop {
            if step.should_stop() {
                // Nothing of it is visible; another worker begins anew.
                return Err(JobError::Stopped);
            }
            let page = step
                .store()
                .read(|tx| source.page(tx, user, part, after.as_deref()))?;
            *written += page.rows.len() as u64;
            write_rows(file, &page.rows, &mut is_first).map_err(FileError::from)?;
            step.progress(Progress {
                phase: part.to_owned(),
                done: *written,
                total: None,
                unit: "rows".to_owned(),
            })?;
            if page.next.is_none() {
                return Ok(file.write_all(b"]").map_err(FileError::from)?);
            }
            after = page.next;
        }
    }
}

fn write_rows(file: &mut impl Write, rows: &[Value], is_first: &mut bool) -> io::Result<()> {
    for row in rows {
        file.write_all(if *is_first { b"\n" } else { b",\n" })?;
        *is_first = false;
        serde_json::to_writer(&mut *file, row)?;
    }
    Ok(())
}

/// Deletes files a week after they were written, and exports that failed as long ago.
pub struct DeleteExports(pub Exports);

impl JobHandler for DeleteExports {
    fn kind(&self) -> &'static str {
        "delete_exports"
    }

    fn schedule(&self) -> Option<Scheduled> {
        Some(Scheduled {
            lane: Lane::Bulk,
            schedule: Schedule::Every(BETWEEN_DELETIONS),
        })
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        let context = &self.0.context;
        let now = context.clock.now();
        let expired = step
            .store()
            .read::<_, StoreError>(|tx| tx.expired_exports(now, DELETED_AT_ONCE))?;
        delete(step.store(), &*context.files, &expired)?;
        let is_last = expired.len() < DELETED_AT_ONCE as usize;
        step.commit(|_tx| {
            Ok::<_, StoreError>(match is_last {
                true => Next::Done,
                false => Next::GoOn(Value::Null),
            })
        })
    }
}

/// The handlers of this module.
pub(in crate::identity) fn handlers(exports: &Exports) -> Vec<Arc<dyn JobHandler>> {
    vec![
        Arc::new(WriteExport(exports.clone())),
        Arc::new(DeleteExports(exports.clone())),
    ]
}
