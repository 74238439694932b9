//! The table of rows, for operators and for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// What one fault did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RowResult {
    pub(super) fault: &'static str,
    pub(super) acknowledged: usize,
    pub(super) lost: usize,
    pub(super) refused: usize,
    /// In seconds, from the first send to the outcome.
    pub(super) longest_wait: f64,
    /// In seconds, from the fault to the first failed readiness check.
    pub(super) not_ready_after: Option<f64>,
    /// In seconds, from the fault's end.
    pub(super) ready_again_after: Option<f64>,
    /// Log lines of level WARN and above.
    pub(super) warnings: Vec<String>,
    /// In bytes.
    pub(super) memory_growth: u64,
    pub(super) complaints: Vec<String>,
    /// Why the row did not run.
    pub(super) skipped: Option<&'static str>,
}

const HEAD: &str = "| fault | acknowledged | lost | refused | longest wait, s | not ready after, s | ready again after, s | \
                    log lines | memory, MB | |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n";
/// Of complaints and of log lines, each.
const MOST_LINES: usize = 8;

impl RowResult {
    pub(super) fn skipped(fault: &'static str, reason: &'static str) -> Self {
        Self {
            fault,
            skipped: Some(reason),
            ..Self::default()
        }
    }

    /// The rules that the row broke.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn line(&self) -> String {
        if let Some(reason) = self.skipped {
            return format!("| {} | | | | | | | | | skipped: {reason} |\n", self.fault);
        }
        let seconds =
            |time: Option<f64>| time.map_or("–".to_owned(), |time| format!("{time:.1}"));
        let verdict = match self.complaints.len() {
            0 => "passed".to_owned(),
            _ => "FAILED".to_owned(),
        };
        format!(
            "| {} | {} | {} | {} | {:.1} | {} | {} | {} | {} | {verdict} |\n",
            self.fault,
            self.acknowledged,
            self.lost,
            self.refused,
            self.longest_wait,
            seconds(self.not_ready_after),
            seconds(self.ready_again_after),
            self.warnings.len(),
            self.memory_growth.div_ceil(1 << 20),
        )
    }

    /// Complaints and log lines, each once.
    fn details(&self) -> String {
        let mut text = String::new();
        for (name, lines) in [("", &self.complaints), ("log: ", &self.warnings)] {
            for (line, count) in counted(lines) {
                // Writing to a string does not fail.
                let _ = writeln!(text, "  {name}{line}{}", times(count));
            }
        }
        text
    }
}

fn times(count: usize) -> String {
    match count {
        1 => String::new(),
        count => format!(" (× {count})"),
    }
}

/// The first different lines, and how often each comes.
fn counted(lines: &[String]) -> Vec<(&str, usize)> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match counted.iter_mut().find(|(known, _)| known == line) {
            Some((_, count)) => *count += 1,
            None => counted.push((line, 1)),
        }
    }
    counted.truncate(MOST_LINES);
    counted
}

/// The table, then the details of its rows.
pub(super) fn table(rows: &[RowResult]) -> String {
    let mut text = HEAD.to_owned();
    text.extend(rows.iter().map(RowResult::line));
    for row in rows {
        let details = row.details();
        if !details.is_empty() {
            let _ = write!(text, "\n{}\n{details}", row.fault);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_its_figures_its_verdict_and_its_lines() {
        let row = RowResult {
            fault: "a fault",
            acknowledged: 120,
            refused: 3,
            longest_wait: 4.04,
            not_ready_after: Some(1.25),
            warnings: vec!["WARN  a".to_owned(), "WARN  a".to_owned()],
            memory_growth: 1,
            ..RowResult::default()
        };
        let text = table(&[row.clone(), RowResult::skipped("another", "needs root")]);
        assert!(
            text.contains("| a fault | 120 | 0 | 3 | 4.0 | 1.2 | – | 2 | 1 | passed |"),
            "{text}"
        );
        assert!(
            text.contains("| another | | | | | | | | | skipped: needs root |"),
            "{text}"
        );
        assert!(
            text.ends_with("\na fault\n  log: WARN  a (× 2)\n"),
            "{text}"
        );
        let failed = RowResult {
            complaints: vec!["wrong".to_owned()],
            ..row
        };
        assert!(table(&[failed]).contains("FAILED |"));
    }
}
