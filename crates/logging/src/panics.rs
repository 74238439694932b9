//! Panics as records: the default hook would block on a pipe that is not read, and break the JSON format.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic::{self, PanicHookInfo},
    sync::Arc,
    thread,
};

use log::Level;

use crate::logger::Logger;

const TARGET: &str = "panic";

pub(crate) fn log_with(logger: Arc<Logger>) {
    panic::set_hook(Box::new(move |panic| {
        // RUST_BACKTRACE decides, as for the default hook.
        write(&logger, panic, &Backtrace::capture());
    }));
}

/// A message that was put together may quote personal data, such as the text that a slice was cut from. So
/// it is logged only beside a backtrace, for which the operator asks.
fn write(logger: &Logger, panic: &PanicHookInfo<'_>, backtrace: &Backtrace) {
    let is_detailed = backtrace.status() == BacktraceStatus::Captured;
    let message = match panic.payload().downcast_ref::<&'static str>() {
        Some(literal) => literal,
        None if is_detailed => panic.payload_as_str().unwrap_or("a value"),
        None => "its message is logged with RUST_BACKTRACE=1",
    };
    let thread = thread::current();
    let place = panic.location().map(ToString::to_string);
    let backtrace = is_detailed.then(|| backtrace.to_string());
    let mut pairs = vec![("thread", thread.name().unwrap_or("unnamed").into())];
    pairs.extend(place.as_deref().map(|place| ("place", place.into())));
    pairs.extend(
        backtrace
            .as_deref()
            .map(|trace| ("backtrace", trace.into())),
    );
    let message = format_args!("a thread panicked: {message}");
    logger.write(Level::Error, TARGET, &pairs, message);
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::Mutex,
    };

    use env_logger::Target;
    use serde_json::Value;

    use super::*;
    use crate::{Filter, Format, builder};

    const THREAD: &str = "panics on purpose";
    const EMAIL: &str = "amina.bello@example.com";

    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    struct Buffer;

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            WRITTEN.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a thread that does this leaves in the log. Panics of other threads are as they were.
    fn log_of(format: Format, backtrace: fn() -> Backtrace, work: fn()) -> String {
        let lines = builder(format)
            .target(Target::Pipe(Box::new(Buffer)))
            .build();
        let logger = Logger::unbuffered(&Filter::default(), lines);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match thread::current().name() {
            Some(THREAD) => write(&logger, panic, &backtrace()),
            _ => before(panic),
        }));
        let thread = thread::Builder::new().name(THREAD.to_owned());
        thread.spawn(work).unwrap().join().unwrap_err();
        String::from_utf8(std::mem::take(&mut *WRITTEN.lock().unwrap())).unwrap()
    }

    fn cut_a_text() {
        let text = format!("é{EMAIL}");
        assert!(text[1..].is_empty());
    }

    fn break_a_rule() {
        panic!("the rule is broken");
    }

    // One test: the hook is the process's.
    #[test]
    fn a_panic_is_one_line_with_its_thread_and_place_and_without_personal_data() {
        let text = log_of(Format::Text, Backtrace::disabled, cut_a_text);
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in [
            "ERROR panic: a thread panicked: ",
            "thread=panics on purpose",
            concat!("place=", file!(), ":"),
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("amina"), "{text}");

        let json = log_of(Format::Json, Backtrace::disabled, cut_a_text);
        assert_eq!(json.lines().count(), 1, "{json}");
        assert!(!json.contains("amina"), "{json}");
        let line: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["target"], "panic");
        assert_eq!(line["thread"], THREAD);
        assert!(line["place"].as_str().unwrap().starts_with(file!()));

        let literal = log_of(Format::Text, Backtrace::disabled, break_a_rule);
        let expected = "a thread panicked: the rule is broken thread=";
        assert!(literal.contains(expected), "{literal}");

        let detailed = log_of(Format::Json, Backtrace::force_capture, cut_a_text);
        assert_eq!(detailed.lines().count(), 1, "{detailed}");
        let line: Value = serde_json::from_str(&detailed).unwrap();
        assert!(line["message"].as_str().unwrap().contains(EMAIL));
        assert!(line["backtrace"].as_str().unwrap().contains("cut_a_text"));
    }
}
