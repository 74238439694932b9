//! Reads settings one by one and collects all errors.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive, time::Duration};

use config::{Value, ValueKind};
use secrecy::SecretString;

use super::{config_error::ConfigError, effective::Effective};

/// Settings of earlier releases, and what replaces them.
const REMOVED: [(&str, &str); 1] = [(
    "rate_limits.connect",
    "is not a setting any more: rate_limits.handshake and rate_limits.failed_handshake replace it",
)];

/// Converts collected values to types. An invalid value yields a placeholder, so callers must not
/// use a result with errors.
pub(super) struct Reader {
    values: BTreeMap<String, Value>,
    effective: Vec<Effective>,
    errors: Vec<ConfigError>,
}

pub(super) struct Findings {
    pub(super) effective: Vec<Effective>,
    pub(super) errors: Vec<ConfigError>,
}

impl Reader {
    pub(super) fn new(values: BTreeMap<String, Value>, errors: Vec<ConfigError>) -> Self {
        Self {
            values,
            effective: Vec::new(),
            errors,
        }
    }

    pub(super) fn whole<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> T
    where
        T: Copy + Display + PartialOrd + TryFrom<i128>,
    {
        let number = self.take(key).as_ref().and_then(whole_number);
        let parsed = number.and_then(|number| T::try_from(number).ok());
        parsed
            .filter(|number| range.contains(number))
            .unwrap_or_else(|| {
                let (least, most) = (*range.start(), *range.end());
                self.wrong(
                    key,
                    format!("must be a whole number from {least} to {most}"),
                );
                least
            })
    }

    /// A duration in seconds. The bounds must be valid `Duration`s.
    pub(super) fn seconds(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Duration {
        let seconds = self.take(key).as_ref().and_then(number);
        seconds
            .filter(|seconds| range.contains(seconds))
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or_else(|| {
                let (least, most) = (range.start(), range.end());
                self.wrong(
                    key,
                    format!("must be a number of seconds from {least} to {most}"),
                );
                Duration::ZERO
            })
    }

    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let flag = match self.take(key).map(|value| value.kind) {
            Some(ValueKind::Boolean(flag)) => Some(flag),
            Some(ValueKind::String(text)) => text.trim().to_lowercase().parse().ok(),
            _ => None,
        };
        flag.unwrap_or_else(|| {
            self.wrong(key, "must be true or false");
            false
        })
    }

    /// An optional text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.take(key);
        self.as_text(key, value)
    }

    /// An optional text whose value is never shown.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<SecretString> {
        let value = self.values.remove(key);
        self.effective.push(Effective::hidden(key, value.as_ref()));
        self.as_text(key, value).map(SecretString::from)
    }

    /// A list, or a text with commas between its entries.
    pub(super) fn list(&mut self, key: &'static str) -> Vec<String> {
        let list = match self.take(key).map(|value| value.kind) {
            Some(ValueKind::Array(entries)) => entries.into_iter().map(string).collect(),
            Some(ValueKind::String(text)) => Some(text.split(',').map(str::to_owned).collect()),
            _ => None,
        };
        let list: Vec<String> = list.unwrap_or_else(|| {
            self.wrong(key, "must be a list of texts");
            Vec::new()
        });
        let trimmed = list.iter().map(|entry| entry.trim());
        trimmed
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Parses an optional text; the error text is the broken rule.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.kept(key, parse(&text))
    }

    /// Parses a required text. An empty text breaks the rule, too.
    pub(super) fn required<T, E: Display>(
        &mut self,
        key: &'static str,
        placeholder: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let text = self.text(key).unwrap_or_default();
        self.kept(key, parse(&text)).unwrap_or(placeholder)
    }

    /// Unwraps a parsed value; records the rule of an `Err`.
    pub(super) fn kept<T, E: Display>(
        &mut self,
        key: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed
            .map_err(|rule| self.wrong(key, rule.to_string()))
            .ok()
    }

    /// Records that `key` breaks a rule, unless it holds or one of `others` is invalid itself.
    pub(super) fn rule(
        &mut self,
        key: &'static str,
        others: &[&'static str],
        holds: bool,
        rule: impl Into<String>,
    ) {
        if !holds && !others.iter().any(|other| self.is_wrong(other)) {
            self.wrong(key, rule);
        }
    }

    /// Unknown settings are errors too: most are misspelled.
    pub(super) fn finish(mut self) -> Findings {
        for (key, value) in self.values {
            let removed = REMOVED.iter().find(|(removed, _)| *removed == key);
            self.errors.push(ConfigError {
                subject: key,
                origin: value.origin().map(str::to_owned),
                problem: removed
                    .map_or("is not a setting", |(_, hint)| hint)
                    .to_owned(),
                // It may be a secret under a wrong name.
                found: None,
            });
        }
        Findings {
            effective: self.effective,
            errors: self.errors,
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        let value = self.values.remove(key);
        self.effective.push(Effective::shown(key, value.as_ref()));
        value
    }

    fn as_text(&mut self, key: &'static str, value: Option<Value>) -> Option<String> {
        let text = value.and_then(string);
        if text.is_none() {
            self.wrong(key, "must be a text");
        }
        text.filter(|text| !text.is_empty())
    }

    fn is_wrong(&self, key: &str) -> bool {
        self.errors.iter().any(|known| known.subject == key)
    }

    /// The first error of a setting suppresses later ones.
    fn wrong(&mut self, key: &'static str, rule: impl Into<String>) {
        if self.is_wrong(key) {
            return;
        }
        let read = self.effective.iter().find(|entry| entry.key == key);
        self.errors.push(ConfigError {
            subject: key.to_owned(),
            origin: read.and_then(|entry| entry.origin.clone()),
            problem: rule.into(),
            found: read.and_then(Effective::found),
        });
    }
}

fn string(value: Value) -> Option<String> {
    match value.kind {
        ValueKind::String(text) => Some(text),
        _ => None,
    }
}

fn whole_number(value: &Value) -> Option<i128> {
    match &value.kind {
        ValueKind::I64(number) => Some((*number).into()),
        ValueKind::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match &value.kind {
        // A number that loses precision here is outside every range.
        ValueKind::I64(number) => Some(*number as f64),
        ValueKind::Float(number) => Some(*number),
        ValueKind::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
