//! Text format: one line per record with time, level, target, message, and `key=value` pairs.

use std::{
    fmt::{self, Write as _},
    io::{self, Write as _},
};

use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{self, Key, Value, VisitSource},
};

/// Pairs of an access line that its message repeats: `GET /health/live 200`.
const IN_MESSAGE: [&str; 3] = ["method", "path", "status"];

pub(crate) fn write_record(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_millis();
    let style = out.default_level_style(record.level());
    let level = record.level();
    let line = Line::of(record);
    writeln!(out, "{time} {style}{level:<5}{style:#} {line}")
}

/// The record after time and level, on one line: escaping prevents log injection.
struct Line(String);

impl Line {
    fn of(record: &Record<'_>) -> Self {
        let mut line = Self(String::new());
        line.push(format_args!("{}: {}", record.target(), record.args()));
        // Writing to a string does not fail.
        let _ = record.key_values().visit(&mut line);
        line
    }

    fn push(&mut self, text: fmt::Arguments<'_>) {
        let _ = Escaping(&mut self.0).write_fmt(text);
    }
}

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        if !IN_MESSAGE.contains(&key.as_str()) {
            self.push(format_args!(" {key}={value}"));
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Escapes control characters as in Rust literals.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if c.is_control() {
                self.0.extend(c.escape_default());
            } else {
                self.0.push(c);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        let pairs = [("user", "a\u{1b}[31m b"), ("path", "/"), ("n", "7")];
        let line = Line::of(
            &Record::builder()
                .level(Level::Info)
                .target("abu_app")
                .args(format_args!("hello\nERROR forged"))
                .key_values(&pairs)
                .build(),
        );
        assert_eq!(
            line.to_string(),
            r"abu_app: hello\nERROR forged user=a\u{1b}[31m b n=7"
        );
    }
}
