//! Results of one run, as JSON and as a table.

use std::fmt::Write as _;

use serde::Serialize;

use crate::verifier::Faults;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

/// One run of one scenario against one server.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measurement {
    pub(crate) figures: Vec<Figure>,
    pub(crate) faults: Faults,
    /// The number of `error` packets.
    pub(crate) errors: u64,
    /// The first `error` packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_error: Option<String>,
    /// Connections that the server ended unexpectedly.
    pub(crate) cut_off: u64,
    /// The database's version, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postgres: Option<String>,
}

impl Measurement {
    pub(crate) fn add(&mut self, name: &'static str, value: f64, unit: &'static str) {
        self.figures.push(Figure { name, value, unit });
    }

    /// Whether there was no fault, no `error` packet, and no lost connection.
    pub(crate) fn is_clean(&self) -> bool {
        self.faults.total() == 0 && self.errors == 0 && self.cut_off == 0
    }

    pub(crate) fn verdict(&self) -> String {
        if self.is_clean() {
            return "every delivery verified".to_owned();
        }
        let Faults {
            missing,
            repeated,
            disordered,
            stray,
        } = self.faults;
        let mut text = format!(
            "WRONG: {missing} missing, {repeated} repeated, {disordered} disordered, {stray} stray, \
             {} errors, {} cut off",
            self.errors, self.cut_off
        );
        if let Some(error) = &self.first_error {
            // Writing to a string does not fail.
            let _ = write!(text, "; first error: {error}");
        }
        text
    }

    /// One figure a line.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for Figure { name, value, unit } in &self.figures {
            let _ = writeln!(table, "{name:>40}  {:>12} {unit}", readable(*value));
        }
        let _ = writeln!(table, "{}", self.verdict());
        table
    }
}

/// Three significant digits, with thousands separators.
pub(crate) fn readable(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        small if small < 0.999_5 => 3,
        small if small < 9.995 => 2,
        small if small < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_the_digits_that_count() {
        for (value, text) in [
            (0.0, "0"),
            (0.0123, "0.012"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (99.98, "100"),
            (123.4, "123"),
            (1_234_567.8, "1,234,568"),
            (-123_456.0, "-123,456"),
        ] {
            assert_eq!(readable(value), text);
        }
    }

    #[test]
    fn a_fault_an_error_or_a_lost_connection_is_not_clean() {
        assert!(Measurement::default().is_clean());
        let mut wrong = [(); 3].map(|()| Measurement::default());
        wrong[0].faults.missing = 1;
        wrong[1].errors = 1;
        wrong[2].cut_off = 1;
        assert!(wrong.iter().all(|measurement| !measurement.is_clean()));
    }
}
