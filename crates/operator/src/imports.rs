//! `abu-admin import-alumni` and `abu-admin imports`: the register's imports, in this process.

mod progress;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use abu_application::{
    access::Operator,
    alumni::{
        imports::{ImportDraft, ImportError, Imports, LegalBasis, reason_text},
        ports::{CommitCounts, Extent, Import, JudgedLine},
    },
    platform::lists::{ListRequest, Seek},
};
use abu_domain::{
    ImportId, Violation,
    alumni::{import_state::ImportState, imports::Mapping},
};
use abu_settings::Settings;
use clap::{Args, Subcommand};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use self::progress::Shown;
use super::{AdminError, database::OpenDatabase, operator::operator};
use abu_programs::database::require_migrated;

/// Read at a time.
const PIECE: usize = 1024 * 1024;
/// Between two attempts while another import runs.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Lines and values that the summary shows.
const SHOWN: usize = 10;
const LISTED: u32 = 100;

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// The file: CSV with a header, in UTF-8, UTF-16 or Windows-1252.
    file: PathBuf,
    /// Which columns hold which fields, in TOML. Without it, a mapping is proposed and nothing is stored.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Why the data may be processed.
    #[arg(long, value_name = "TEXT", value_parser = parse_basis, default_value = "Public task of the university")]
    legal_basis: LegalBasis,
    /// Write the lines to the register. Without it they are only judged.
    #[arg(long)]
    commit: bool,
    /// Judge a file anew that was imported before with the same mapping.
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum ImportsCommand {
    /// Show imports, the newest first.
    List,
    /// Show an import: the numbers of its lines by verdict, unknown values, and the first lines left out.
    Show {
        /// Which one.
        import: Uuid,
        /// Write all lines that stay out of the register to this CSV file.
        #[arg(long, value_name = "FILE")]
        errors: Option<PathBuf>,
    },
    /// Write the lines of a judged import to the register.
    Commit {
        /// Which one.
        import: Uuid,
    },
    /// Take the lines of a committed import out of the register again, within 30 days.
    Rollback {
        /// Which one.
        import: Uuid,
        /// Leave records as they are that something depends on, such as a later edit or a claim.
        #[arg(long)]
        skip: bool,
    },
}

fn parse_basis(text: &str) -> Result<LegalBasis, String> {
    LegalBasis::parse(text).map_err(|violation: Violation| violation.to_string())
}

pub(super) fn import(settings: &Settings, arguments: &ImportArguments) -> Result<(), AdminError> {
    let file = open(&arguments.file)?;
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let imports = database.imports(settings);
    let Some(mapping) = mapping else {
        return propose(&imports, &arguments.file);
    };
    let draft = ImportDraft {
        file_name: ImportDraft::shown_name(&arguments.file.to_string_lossy()),
        mapping,
        legal_basis: arguments.legal_basis.clone(),
        dry_run: !arguments.commit,
        again: arguments.again,
    };
    let operator = operator();
    let import = take(&imports, &operator, file, &draft)?;
    let id = import.id;
    if matches!(
        import.state,
        ImportState::Committed | ImportState::RollingBack
    ) {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{id}: this file was imported before with this mapping, and is {}; --again judges it anew",
            import.state.name()
        )?;
        return Ok(());
    }
    judge(&imports, id)?;
    if !arguments.commit {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "nothing was written to the register: abu-admin imports commit {id}"
        )?;
        return Ok(());
    }
    commit(&imports, &operator, id)
}

pub(super) fn run(settings: &Settings, command: &ImportsCommand) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let imports = database.imports(settings);
    let operator = operator();
    match command {
        ImportsCommand::List => list(&imports, &operator),
        ImportsCommand::Show { import, errors } => {
            show(&imports, &operator, (*import).into(), errors.as_deref())
        }
        ImportsCommand::Commit { import } => commit(&imports, &operator, (*import).into()),
        ImportsCommand::Rollback { import, skip } => {
            roll_back(&imports, &operator, (*import).into(), *skip)
        }
    }
}

fn open(path: &Path) -> Result<File, AdminError> {
    File::open(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: io::Error) -> AdminError {
    AdminError::Log {
        path: path.to_owned(),
        source,
    }
}

fn read_mapping(path: &Path) -> Result<Mapping, AdminError> {
    let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    toml::from_str(&text)
        .map_err(|wrong| AdminError::Usage(format!("{} is no mapping: {wrong}", path.display())))
}

/// Prints a mapping, to be corrected and given with --mapping.
fn propose(imports: &Imports, path: &Path) -> Result<(), AdminError> {
    let inspection = imports
        .policy
        .parser
        .inspect(&mut open(path)?, Extent::Whole)
        .map_err(ImportError::from)?;
    let text = toml::to_string(&inspection.proposal)
        .map_err(|wrong| AdminError::Usage(wrong.to_string()))?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "# {} with {:?} between cells. Correct it, and give it with --mapping.",
        inspection.format.encoding.name(),
        char::from(inspection.format.delimiter)
    )?;
    Ok(write!(out, "{text}")?)
}

fn take(
    imports: &Imports,
    operator: &Operator,
    mut file: File,
    draft: &ImportDraft,
) -> Result<Import, AdminError> {
    let mut upload = imports.begin_upload()?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            bytes => upload.write(&piece[..bytes])?,
        }
    }
    Ok(imports.take_file(operator, upload, draft)?.import)
}

/// Waits while another import runs. One whose process was killed counts as running for a minute.
fn patiently<T>(mut step: impl FnMut() -> Result<T, ImportError>) -> Result<T, AdminError> {
    let mut is_first = true;
    loop {
        match step() {
            Err(ImportError::Busy) => {
                if is_first {
                    writeln!(io::stderr(), "another import is running; waiting")?;
                }
                is_first = false;
                thread::sleep(BUSY_WAIT);
            }
            done => return Ok(done?),
        }
    }
}

/// Judges an import, and prints its verdicts.
pub(super) fn judge(imports: &Imports, id: ImportId) -> Result<(), AdminError> {
    let shown = Shown::start();
    let judged = patiently(|| imports.judge(id, &shown))?;
    drop(shown);
    Ok(print(&judged)?)
}

pub(super) fn commit(
    imports: &Imports,
    operator: &Operator,
    id: ImportId,
) -> Result<(), AdminError> {
    let shown = Shown::start();
    let counts = patiently(|| imports.write_to_register(operator, id, &shown))?;
    drop(shown);
    print_counts(counts)
}

/// Commits an import to a database that this process has to itself.
pub(super) fn fill(imports: &Imports, operator: &Operator, id: ImportId) -> Result<(), AdminError> {
    let shown = Shown::start();
    let counts = patiently(|| imports.fill_register(operator, id, &shown))?;
    drop(shown);
    print_counts(counts)
}

fn print_counts(counts: CommitCounts) -> Result<(), AdminError> {
    Ok(writeln!(
        io::stdout(),
        "committed: {} records and {} awards were added, {} records were changed",
        counts.records,
        counts.awards,
        counts.updated
    )?)
}

fn roll_back(
    imports: &Imports,
    operator: &Operator,
    id: ImportId,
    skip: bool,
) -> Result<(), AdminError> {
    let shown = Shown::start();
    let undone = patiently(|| imports.take_from_register(operator, id, skip, &shown));
    drop(shown);
    if let Err(AdminError::Import(ImportError::Blocked(blockers))) = &undone {
        let mut out = io::stdout().lock();
        for blocker in blockers {
            writeln!(out, "{} is {} since", blocker.record, blocker.reason)?;
        }
        writeln!(out, "--skip leaves such records as they are")?;
    }
    let undone = undone?;
    Ok(writeln!(
        io::stdout(),
        "rolled back: {} records were deleted, {} restored, {} left as they are",
        undone.records,
        undone.restored,
        undone.skipped
    )?)
}

fn runtime() -> Result<Runtime, AdminError> {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(AdminError::Threads)
}

fn list(imports: &Imports, operator: &Operator) -> Result<(), AdminError> {
    let page = ListRequest {
        seek: Seek::START,
        limit: LISTED,
        count: false,
    };
    let listed = runtime()?.block_on(imports.list(operator.clone(), page))?;
    let mut out = io::stdout().lock();
    for import in listed.items {
        writeln!(
            out,
            "{} {} {} {} lines {}",
            import.id,
            import.created_at.format("%Y-%m-%d %H:%M"),
            import.state.name(),
            import.lines,
            import.file_name
        )?;
    }
    Ok(())
}

fn show(
    imports: &Imports,
    operator: &Operator,
    id: ImportId,
    errors: Option<&Path>,
) -> Result<(), AdminError> {
    let runtime = runtime()?;
    print(&runtime.block_on(imports.get(operator.clone(), id))?)?;
    let mut lines = runtime.block_on(imports.left_out(operator.clone(), id, None))?;
    let Some(path) = errors else {
        return Ok(print_lines(&lines)?);
    };
    let mut file = File::create(path).map_err(|source| unreadable(path, source))?;
    file.write_all(&imports.report_part(&lines, true)?)?;
    while let Some(last) = lines.last().map(|line| line.line) {
        lines = runtime.block_on(imports.left_out(operator.clone(), id, Some(last)))?;
        file.write_all(&imports.report_part(&lines, false)?)?;
    }
    Ok(file.sync_all()?)
}

fn print(import: &Import) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "import {}: {}", import.id, import.state.name())?;
    writeln!(out, "{} lines", import.lines)?;
    for (verdict, lines) in &import.counts {
        writeln!(out, "{lines:>10} {}", verdict.name())?;
    }
    for value in import.unknown_values.iter().take(SHOWN) {
        writeln!(
            out,
            "{:>10} lines: {} {:?} is {}",
            value.lines, value.field, value.value, value.problem
        )?;
    }
    match &import.failure {
        Some(failure) => writeln!(out, "failed: {failure}"),
        None => Ok(()),
    }
}

/// Without names: a terminal's history is no place for them.
fn print_lines(lines: &[JudgedLine]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines.iter().take(SHOWN) {
        let reasons: Vec<String> = line.reasons.iter().map(|r| reason_text(r)).collect();
        writeln!(
            out,
            "line {}: {}: {}",
            line.line,
            line.verdict.name(),
            reasons.join("; ")
        )?;
    }
    match lines.len() > SHOWN {
        true => writeln!(out, "and more: --errors FILE writes them all"),
        false => Ok(()),
    }
}
