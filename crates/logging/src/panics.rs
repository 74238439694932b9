//! Panics as records: the default hook would block on a pipe that is not read, and break the JSON format.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
    sync::Arc,
    thread,
};

use log::Level;

use crate::logger::Logger;

const TARGET: &str = "panic";

pub(crate) fn log_with(logger: Arc<Logger>) {
    panic::set_hook(Box::new(move |panic| {
        let thread = thread::current();
        let mut pairs = vec![("thread", thread.name().unwrap_or("unnamed").into())];
        // RUST_BACKTRACE decides, as for the default hook.
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => Some(backtrace.to_string()),
            _ => None,
        };
        if let Some(backtrace) = &backtrace {
            pairs.push(("backtrace", backtrace.as_str().into()));
        }
        logger.write(Level::Error, TARGET, &pairs, format_args!("{panic}"));
    }));
}
