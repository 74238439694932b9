use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use abu_generator::{Department, Generator, write_header, write_row};
use abu_settings::{Environment, Settings};
use clap::Args;

use super::AdminError;
use crate::database::ReferenceDataError;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;

#[derive(Debug, Args)]
pub(super) struct GenerateArguments {
    /// How many graduates.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Which graduates: each number stands for others, always the same ones.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Write the register here as CSV [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(settings: &Settings, arguments: &GenerateArguments) -> Result<(), AdminError> {
    if settings.environment == Environment::Production {
        return Err(AdminError::Synthetic);
    }
    let generator = generator(arguments.seed)?;
    let count = arguments.count as usize;
    match &arguments.out {
        Some(path) => write_file(&generator, count, path).map_err(|source| AdminError::File {
            path: path.clone(),
            source,
        }),
        None => Ok(write_csv(&generator, count, io::stdout().lock())?),
    }
}

/// The people of a seed, with the departments and programmes of this release.
fn generator(seed: u64) -> Result<Generator, AdminError> {
    let files = abu_reference_data::files().map_err(ReferenceDataError::from)?;
    let entries = files.iter().flat_map(|file| &file.entries);
    Ok(Generator::new(seed, Department::of_reference(entries))?)
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
