//! `abu-admin generate-alumni`: synthetic graduates, as a file or in the register.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use abu_application::{
    alumni::{
        directory::Maintenance,
        imports::{ImportDraft, LegalBasis, Upload},
        ports::{Filling, SyntheticShares},
        synthetic::SyntheticMembers,
    },
    platform::{
        ports::StoreError,
        system::{SystemClock, SystemIds},
    },
};
use abu_domain::{ImportId, alumni::import_state::ImportState};
use abu_generator::{Generator, mapping, write_header, write_row};
use abu_settings::{Environment, Settings};
use clap::Args;

use super::{
    AdminError,
    database::OpenDatabase,
    imports::{fill, judge},
    operator::operator,
};
use abu_programs::{database::require_migrated, synthetic};

/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;
const BASIS: &str = "Synthetic: no person is real";

#[derive(Debug, Args)]
pub(super) struct GenerateArguments {
    /// How many graduates.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Which graduates: each number stands for others, always the same ones.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Write the register here as CSV [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with = "load")]
    out: Option<PathBuf>,
    /// Import the graduates into the register.
    #[arg(long)]
    load: bool,
    /// Give them accounts, too, that have no password.
    #[arg(long, requires = "load")]
    members: bool,
    /// Of a hundred accounts, so many are verified.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, requires = "members",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    verified: u8,
    /// Of a hundred verified accounts, so many are willing to be in the directory.
    #[arg(long, value_name = "PERCENT", default_value_t = 95, requires = "members",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    listed: u8,
}

pub(super) fn run(settings: &Settings, arguments: &GenerateArguments) -> Result<(), AdminError> {
    if settings.environment == Environment::Production {
        return Err(AdminError::Synthetic);
    }
    let generator = synthetic::generator(arguments.seed)?;
    let count = arguments.count as usize;
    if arguments.load {
        return load(settings, arguments, &generator);
    }
    match &arguments.out {
        Some(path) => write_file(&generator, count, path).map_err(|source| AdminError::File {
            path: path.clone(),
            source,
        }),
        None => Ok(write_csv(&generator, count, io::stdout().lock())?),
    }
}

fn write_file(generator: &Generator, count: usize, path: &Path) -> io::Result<()> {
    write_csv(generator, count, File::create(path)?)
}

fn write_csv(generator: &Generator, count: usize, to: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, to);
    write_header(&mut out)?;
    for graduate in generator.people().take(count) {
        write_row(&graduate, &mut out)?;
    }
    out.flush()
}

/// An import takes what is written.
struct Uploading<'a>(&'a mut Upload);

impl Write for Uploading<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fills the register as an import of the CSV does. Repeated, it goes on where it was interrupted.
fn load(
    settings: &Settings,
    arguments: &GenerateArguments,
    generator: &Generator,
) -> Result<(), AdminError> {
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let (imports, operator) = (database.imports(settings), operator());
    let mut upload = imports.begin_upload()?;
    write_csv(generator, arguments.count as usize, Uploading(&mut upload))?;
    let draft = ImportDraft {
        file_name: format!("generated-{}-{}.csv", arguments.seed, arguments.count),
        mapping: mapping(),
        legal_basis: LegalBasis::parse(BASIS)
            .map_err(|broken| StoreError::Other(broken.rule.into()))?,
        dry_run: false,
        again: false,
    };
    let import = imports.take_file(&operator, upload, &draft)?.import;
    if import.state != ImportState::Committed {
        judge(&imports, import.id)?;
        fill(&imports, &operator, import.id)?;
    }
    if arguments.members {
        make_members(&database, import.id, arguments)?;
        make_profiles(&database, import.id)?;
    }
    Ok(())
}

/// Profiles of the members, and their rows in the directory.
fn make_profiles(database: &OpenDatabase, import: ImportId) -> Result<(), AdminError> {
    let maintenance = Maintenance {
        store: database.store_without_timeout(),
        clock: Arc::new(SystemClock),
    };
    let profiles = maintenance.make_synthetic_profiles(import)?;
    let listed = maintenance.rebuild()?;
    Ok(writeln!(
        io::stdout(),
        "made {profiles} profiles; the directory was made of {listed} members"
    )?)
}

fn make_members(
    database: &OpenDatabase,
    import: ImportId,
    arguments: &GenerateArguments,
) -> Result<(), AdminError> {
    let members = SyntheticMembers {
        store: database.store(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    let shares = SyntheticShares {
        verified: arguments.verified,
        listed: arguments.listed,
    };
    let counts = members.make(&operator(), import, shares, Filling::Alone)?;
    Ok(writeln!(
        io::stdout(),
        "made {} accounts, {} of them verified",
        counts.members,
        counts.verified
    )?)
}
