#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod filter;
mod json;
mod logger;
mod panics;
mod queue;
mod repeats;
mod text;

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use env_logger::{Builder, Target, WriteStyle};
use log::{Level, Log};

use crate::{logger::Logger, queue::Queue};

pub use filter::{Filter, FilterError};

/// The form of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, thiserror::Error)]
#[error("must be text or json")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat),
        }
    }
}

/// What the owner of the process does with its log.
#[derive(Clone)]
pub struct LogHandle {
    logger: Arc<Logger>,
    queue: Queue,
}

/// Installs the log of a server, and logs panics. Only the first call in a process has an effect.
pub fn install(format: Format, filter: &Filter) -> io::Result<LogHandle> {
    let queue = Queue::default();
    let mut builder = builder(format);
    builder.target(Target::Pipe(Box::new(queue.clone())));
    if io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        builder.write_style(WriteStyle::Always);
    }
    let logger = Arc::new(Logger::queued(filter, builder.build()));
    let reporting = Arc::clone(&logger);
    queue.start_writer(standard_error(), move |dropped| {
        reporting.report_dropped(dropped);
        reporting.report_repeats();
    })?;
    panics::log_with(Arc::clone(&logger));
    install_logger(Arc::clone(&logger), filter);
    Ok(LogHandle { logger, queue })
}

/// Installs the log of a command: each record is written before the call returns.
pub fn install_unbuffered(filter: &Filter) {
    let logger = Logger::unbuffered(filter, builder(Format::Text).build());
    install_logger(logger, filter);
}

fn builder(format: Format) -> Builder {
    let mut builder = Builder::new();
    // The outer filter decides.
    builder.filter_level(log::LevelFilter::Trace);
    match format {
        Format::Text => builder.format(text::write_record),
        Format::Json => builder.format(json::write_record),
    };
    builder
}

fn install_logger(logger: impl Log + 'static, filter: &Filter) {
    match log::set_boxed_logger(Box::new(logger)) {
        Ok(()) => log::set_max_level(filter.build().filter()),
        Err(_installed) => log::debug!("the logger is installed already"),
    }
}

/// A descriptor of its own: a blocked write must not hold the lock of [`io::stderr`], which panics take.
fn standard_error() -> Box<dyn Write + Send> {
    match io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => Box::new(File::from(descriptor)),
        Err(_closed) => Box::new(io::sink()),
    }
}

impl LogHandle {
    /// Replaces the filter, and logs it whatever it is.
    pub fn set_filter(&self, filter: &Filter) {
        self.logger.set_filter(filter);
    }

    /// Logs why the program `name` fails, whatever the filter.
    pub fn report_failure(&self, name: &str, why: &str) {
        self.logger
            .write(Level::Error, name, &[], format_args!("{why}"));
    }

    /// Writes what waits; false where it could not within `limit`.
    pub fn flush(&self, limit: Duration) -> bool {
        self.logger.end_repeats();
        self.queue.flush(limit)
    }
}
