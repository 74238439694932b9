//! Staging and judgment: the dry run.

use std::{io::Read, sync::mpsc::sync_channel, thread};

use abu_domain::{
    ImportId,
    alumni::{
        import_state::{ImportState, Verdict},
        imports::{CandidateRow, Mapping, UnknownValues},
    },
    platform::{file_key::FileKey, task::Progress},
};
use chrono::Datelike;

use super::{
    ImportError, Imports, Watch,
    run::{Path, Run},
    vocabulary::CatalogueVocabulary,
    watch::steps,
};
use crate::{
    alumni::ports::{CandidateRows, Extent, Import, Inspection, StagedFile, Staging, UnknownCount},
    platform::ports::StoreError,
    store::Store,
};

/// Limits of one COPY.
const CHUNK_ROWS: usize = 10_000;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// What a row holds besides its texts.
const ROW_BYTES: usize = 320;
/// Unknown values that an import lists.
const LISTED_VALUES: usize = 200;

const PATH: Path<'_> = Path {
    from: &[ImportState::Uploaded, ImportState::Judged],
    through: ImportState::Judging,
    back: ImportState::Uploaded,
};

impl Imports {
    /// Stages the file and writes a verdict on each line. It blocks, and may be repeated.
    pub fn judge(&self, id: ImportId, watch: &dyn Watch) -> Result<Import, ImportError> {
        let judged = self.run(id, &PATH, |run| {
            let store = &**self.context.database.store();
            let import = store
                .read(|tx| tx.import(id))?
                .ok_or(ImportError::NotFound)?;
            let lines = self.stage(store, run, &import, watch)?;
            self.judge_staged(store, run, lines, watch)
        });
        if judged.is_err() {
            self.clear_ended(id);
        }
        judged
    }

    /// An import that failed or was discarded meanwhile keeps no lines. What fails is left to the daily job.
    fn clear_ended(&self, id: ImportId) {
        let store = self.context.database.store();
        let cleared = store.transaction(|tx| {
            let state = tx.import(id)?.map(|import| import.state);
            match state {
                Some(ImportState::Failed | ImportState::Discarded) => {
                    tx.clear_staging(id, Staging::All)
                }
                _ => Ok(()),
            }
        });
        if let Err(error) = cleared {
            log::info!(import:% = id; "the staging of an import stays for now: {error}");
        }
    }

    fn stage(
        &self,
        store: &dyn Store,
        run: &Run<'_>,
        import: &Import,
        watch: &dyn Watch,
    ) -> Result<u64, ImportError> {
        store.transaction(|tx| tx.clear_staging(import.id, Staging::All))?;
        let inspection = self
            .policy
            .parser
            .inspect(&mut *self.open(import)?, Extent::Whole)?;
        let mapping: Mapping = serde_json::from_value(import.mapping.clone())
            .map_err(|broken| StoreError::Other(broken.into()))?;
        let catalogue = store.read(|tx| tx.catalogue())?;
        let year = self.context.clock.now().year();
        let rows = self.policy.parser.rows(
            self.open(import)?,
            &inspection,
            &mapping,
            Box::new(CatalogueVocabulary(catalogue)),
            year.try_into().unwrap_or(i16::MAX),
        )?;
        let staged = copy(store, run, rows, import, watch)?;
        let file = staged_file(&inspection, &staged);
        store.transaction(|tx| tx.note_staged_file(import.id, &file))?;
        Ok(staged.lines)
    }

    fn open(&self, import: &Import) -> Result<Box<dyn Read + Send>, ImportError> {
        let key = import.file_key.clone().ok_or(ImportError::FileGone)?;
        let key = FileKey::parse(&key).map_err(|_broken| ImportError::FileGone)?;
        Ok(self.context.files.open(&key)?.reader)
    }

    fn judge_staged(
        &self,
        store: &dyn Store,
        run: &Run<'_>,
        lines: u64,
        watch: &dyn Watch,
    ) -> Result<Import, ImportError> {
        let now = self.context.clock.now();
        store.transaction(|tx| {
            let counts = tx.judge_import(run.import, now, &mut |done, total| {
                watch.progress(steps("judge", done, total));
            })?;
            // A crash of the database empties the staging.
            if total(&counts) != lines {
                return Err(ImportError::StagingLost);
            }
            run.end(self, tx, ImportState::Judged)?;
            tx.import(run.import)?.ok_or(ImportError::NotFound)
        })
    }
}

fn total(counts: &[(Verdict, u64)]) -> u64 {
    counts.iter().map(|(_, lines)| lines).sum()
}

#[derive(Default)]
struct Staged {
    lines: u64,
    unknown: UnknownValues,
}

/// One thread reads rows while another one copies the chunk before.
fn copy(
    store: &dyn Store,
    run: &Run<'_>,
    mut rows: Box<dyn CandidateRows + '_>,
    import: &Import,
    watch: &dyn Watch,
) -> Result<Staged, ImportError> {
    let mut staged = Staged::default();
    thread::scope(|scope| {
        let (filled, chunks) = sync_channel::<Vec<CandidateRow>>(0);
        let copier = scope.spawn(move || {
            for chunk in chunks {
                store.transaction(|tx| tx.stage_lines(import.id, &chunk))?;
            }
            Ok::<_, StoreError>(())
        });
        let read = (|| {
            loop {
                let chunk = read_chunk(&mut rows, &mut staged)?;
                run.go_on()?;
                if !watch.progress(bytes(rows.bytes_read(), import.bytes)) {
                    return Err(ImportError::Interrupted);
                }
                // The copier has failed if nothing receives.
                if chunk.is_empty() || filled.send(chunk).is_err() {
                    return Ok(());
                }
            }
        })();
        drop(filled);
        let copied = copier
            .join()
            .map_err(|_panic| StoreError::Other("staging panicked".into()))?;
        copied?;
        read
    })?;
    Ok(staged)
}

fn read_chunk(
    rows: &mut Box<dyn CandidateRows + '_>,
    staged: &mut Staged,
) -> Result<Vec<CandidateRow>, ImportError> {
    let mut chunk = Vec::with_capacity(CHUNK_ROWS);
    let mut size = 0;
    for row in rows.by_ref() {
        let row = row.map_err(crate::platform::ports::FileError::from)?;
        staged.lines += 1;
        staged.unknown.add(&row);
        size += ROW_BYTES + texts(&row);
        chunk.push(row);
        if chunk.len() >= CHUNK_ROWS || size >= CHUNK_BYTES {
            break;
        }
    }
    Ok(chunk)
}

fn texts(row: &CandidateRow) -> usize {
    let texts = [
        &row.surname,
        &row.given_names,
        &row.name_tokens,
        &row.class_of_degree,
        &row.email,
        &row.phone,
    ];
    texts
        .into_iter()
        .map(|text| text.as_ref().map_or(0, String::len))
        .sum()
}

fn bytes(done: u64, total: u64) -> Progress {
    Progress {
        phase: "stage".to_owned(),
        done: done.min(total),
        total: Some(total),
        unit: "bytes".to_owned(),
    }
}

fn staged_file(inspection: &Inspection, staged: &Staged) -> StagedFile {
    let values = staged.unknown.list().into_iter().take(LISTED_VALUES);
    StagedFile {
        encoding: inspection.format.encoding.name().to_owned(),
        delimiter: char::from(inspection.format.delimiter).to_string(),
        lines: staged.lines,
        unknown_values: values
            .map(|value| UnknownCount {
                field: value.field.name().to_owned(),
                problem: value.problem.name().to_owned(),
                value: value.value,
                lines: value.rows,
            })
            .collect(),
    }
}
