//! Effective settings, for display.

use std::fmt;

use config::Value;

/// Holds no value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Such as `server.port`.
    pub key: &'static str,
    /// Where the value comes from; `None` without a value.
    pub origin: Option<String>,
    value: Shown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    Missing,
    Hidden,
    NotSet,
    Text(String),
}

impl Effective {
    pub(super) fn shown(key: &'static str, value: Option<&Value>) -> Self {
        Self::new(key, value, |text| Shown::Text(text.to_owned()))
    }

    pub(super) fn hidden(key: &'static str, value: Option<&Value>) -> Self {
        Self::new(key, value, |_secret| Shown::Hidden)
    }

    fn new(key: &'static str, value: Option<&Value>, show: impl FnOnce(&str) -> Shown) -> Self {
        let shown = match value.map(in_toml) {
            None => Shown::Missing,
            Some(text) if text == "\"\"" => Shown::NotSet,
            Some(text) => show(&text),
        };
        Self {
            key,
            origin: value.and_then(Value::origin).map(str::to_owned),
            value: shown,
        }
    }

    /// The value, for an error to quote.
    pub(super) fn found(&self) -> Option<String> {
        match &self.value {
            Shown::Missing => Some("missing".to_owned()),
            Shown::NotSet => Some("not set".to_owned()),
            Shown::Text(text) => Some(text.clone()),
            Shown::Hidden => None,
        }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match &self.value {
            Shown::Missing => "(missing)",
            Shown::Hidden => "(hidden)",
            Shown::NotSet => "(not set)",
            Shown::Text(text) => text,
        };
        write!(f, "{} = {value}", self.key)?;
        match &self.origin {
            Some(origin) => write!(f, "  # {origin}"),
            None => Ok(()),
        }
    }
}

/// The value in TOML syntax.
fn in_toml(value: &Value) -> String {
    use config::ValueKind;
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(entries) => {
            let entries: Vec<_> = entries.iter().map(in_toml).collect();
            format!("[{}]", entries.join(", "))
        }
        other => other.to_string(),
    }
}
