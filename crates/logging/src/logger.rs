//! The logger of a process: a replaceable filter before the format.

use std::time::Instant;

use log::{Level, Log, Metadata, Record, kv::Value};
use parking_lot::RwLock;

use crate::{
    Filter,
    repeats::{Repeated, Repeats},
};

/// The target of what the log says of itself.
const TARGET: &str = "abu_logging";

pub(crate) struct Logger {
    filter: RwLock<env_filter::Filter>,
    repeats: Option<Repeats>,
    lines: env_logger::Logger,
}

impl Logger {
    pub(crate) fn queued(filter: &Filter, lines: env_logger::Logger) -> Self {
        Self {
            repeats: Some(Repeats::default()),
            ..Self::unbuffered(filter, lines)
        }
    }

    pub(crate) fn unbuffered(filter: &Filter, lines: env_logger::Logger) -> Self {
        Self {
            filter: RwLock::new(filter.build()),
            repeats: None,
            lines,
        }
    }

    pub(crate) fn set_filter(&self, filter: &Filter) {
        let built = filter.build();
        // Before the line: a reader of it may rely on the new level.
        log::set_max_level(built.filter());
        *self.filter.write() = built;
        let pairs = [("filter", filter.as_str().into())];
        self.write(
            Level::Info,
            TARGET,
            &pairs,
            format_args!("log.filter was read again"),
        );
    }

    /// Writes a record whatever the filter.
    pub(crate) fn write(
        &self,
        level: Level,
        target: &str,
        pairs: &[(&str, Value<'_>)],
        message: std::fmt::Arguments<'_>,
    ) {
        let record = Record::builder()
            .level(level)
            .target(target)
            .key_values(&pairs)
            .args(message)
            .build();
        self.lines.log(&record);
    }

    pub(crate) fn report_dropped(&self, dropped: u64) {
        if dropped > 0 {
            let pairs = [("dropped", dropped.into())];
            let message =
                format_args!("log lines were dropped, because they were not read in time");
            self.write(Level::Warn, TARGET, &pairs, message);
        }
    }

    /// Writes the counts of runs that are over or last long.
    pub(crate) fn report_repeats(&self) {
        if let Some(repeats) = &self.repeats {
            self.write_repeated(&repeats.due(Instant::now()));
        }
    }

    /// Writes the counts of all runs.
    pub(crate) fn end_repeats(&self) {
        if let Some(repeats) = &self.repeats {
            self.write_repeated(&repeats.end(Instant::now()));
        }
    }

    fn write_repeated(&self, repeated: &[Repeated]) {
        for run in repeated {
            let pairs = [
                ("repeated", run.count.into()),
                ("seconds", run.lasted.as_secs().into()),
            ];
            let message = format_args!("{}", run.line.message);
            self.write(run.line.level, &run.line.target, &pairs, message);
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.read().enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.filter.read().matches(record) {
            return;
        }
        let repeats = self.repeats.as_ref();
        if repeats.is_none_or(|repeats| repeats.admit(record, Instant::now())) {
            self.lines.log(record);
        }
    }

    fn flush(&self) {
        self.lines.flush();
    }
}
