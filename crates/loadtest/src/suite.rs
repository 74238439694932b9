//! The full benchmark suite: all scenarios, repeated, with baselines, in one report.

use std::{
    error::Error,
    fs,
    io::{self, Write},
    path::PathBuf,
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::{
    goals,
    report::{Measurement, readable},
    scenario::{Crowd, FanOut, History, Idle, LogIns, RoomList, Scenario, Stalled, Steady, Storm},
    stage::{AT_ONCE, Host},
    target::Kind,
};

/// How much of everything.
#[derive(Args, Clone, Debug)]
pub(crate) struct Suite {
    /// How often each scenario runs.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    repetitions: u32,
    /// Each scenario once, and short: whether everything works, and a first impression.
    #[arg(long)]
    quick: bool,
    /// Only scenarios whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Where the result goes: NAME.json and NAME.md.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) mod names {
    pub(crate) const ROOMS_OF_50: &str = "10 rooms of 50, 5 senders each";
    pub(crate) const ROOM_OF_1000: &str = "1 room of 1,000, 10 senders";
    pub(crate) const ROOMS_OF_5: &str = "200 rooms of 5, 1 sender each";
    pub(crate) const INGEST: &str =
        "200 rooms of 5, the sender alone online, 16 messages on the way each";
    pub(crate) const STEADY_100: &str = "10 rooms of 50, 100 messages/s";
    pub(crate) const STEADY_1000: &str = "10 rooms of 50, 1,000 messages/s";
    pub(crate) const ROOM_OF_10000: &str = "1 room of 10,000, 10 messages/s";
    pub(crate) const CAPACITY: &str = "3,900 rooms of 5, 1,000 messages/s";
    pub(crate) const IDLE: &str = "5,000 idle connections in 1,000 rooms";
    pub(crate) const STORM: &str = "10,000 of one room join at once";
    pub(crate) const HISTORY: &str = "history of 1,000,000 messages";
    pub(crate) const ROOM_LIST: &str = "a person with 500 rooms";
    pub(crate) const STALLED: &str = "1,000 that never read beside 4,000 that chat";
    pub(crate) const LOG_INS: &str = "50 who log in all the time beside 10 rooms of 50";
}

struct Entry {
    name: &'static str,
    scenario: Scenario,
    /// Whether the baselines run the scenario too.
    with_floors: bool,
}

/// All runs of one scenario against one server.
#[derive(Serialize)]
pub(crate) struct Series {
    pub(crate) scenario: &'static str,
    pub(crate) target: Kind,
    pub(crate) runs: Vec<Measurement>,
    /// The errors of runs without a result.
    pub(crate) failures: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    at: DateTime<Utc>,
    processor: String,
    cores: usize,
    kernel: String,
    series: Vec<Series>,
}

impl Suite {
    /// Runs the suite. Returns whether every measurement is clean.
    ///
    /// # Errors
    /// For a result that cannot be written, and after an interruption.
    pub(crate) fn run(&self, host: &Host) -> Result<bool, Box<dyn Error>> {
        let entries = self.entries();
        let mut report = Report::new(&entries);
        for repetition in 1..=self.repetitions() {
            for series in &mut report.series {
                let Some(entry) = entries.iter().find(|entry| entry.name == series.scenario) else {
                    continue;
                };
                let (name, target) = (entry.name, series.target.name());
                writeln!(io::stderr(), "\n{name}, {target}, run {repetition}")?;
                series.run(&entry.scenario, host)?;
            }
        }
        let table = report.table();
        io::stdout().write_all(table.as_bytes())?;
        if let Some(out) = &self.out {
            fs::write(
                out.with_extension("json"),
                serde_json::to_string_pretty(&report)?,
            )?;
            fs::write(out.with_extension("md"), table)?;
        }
        Ok(report.is_clean())
    }

    fn repetitions(&self) -> u32 {
        if self.quick { 1 } else { self.repetitions }
    }

    fn entries(&self) -> Vec<Entry> {
        let wanted = |entry: &Entry| {
            self.only
                .as_ref()
                .is_none_or(|part| entry.name.contains(part))
        };
        entries(self.quick).into_iter().filter(wanted).collect()
    }
}

/// All scenarios. A quick run shortens them and omits none, because each verifies deliveries.
fn entries(quick: bool) -> Vec<Entry> {
    let seconds = |long: f64| if quick { 2.0 } else { long };
    let crowd = |rooms, members, senders| Crowd {
        rooms,
        members,
        online: None,
        senders,
        text: 64,
        seconds: seconds(10.0),
        warm_up: if quick { 1.0 } else { 2.0 },
    };
    let fan_out = |rooms, members, senders| {
        Scenario::FanOut(FanOut {
            crowd: crowd(rooms, members, senders),
            window: 1,
        })
    };
    let steady = |rooms, members, senders, rate| {
        Scenario::Steady(Steady {
            crowd: crowd(rooms, members, senders),
            rate,
        })
    };
    let beside_floors = |name, scenario| Entry {
        name,
        scenario,
        with_floors: true,
    };
    let alone = |name, scenario| Entry {
        name,
        scenario,
        with_floors: false,
    };
    vec![
        beside_floors(names::ROOMS_OF_50, fan_out(10, 50, 5)),
        beside_floors(names::ROOM_OF_1000, fan_out(1, 1_000, 10)),
        beside_floors(names::ROOMS_OF_5, fan_out(200, 5, 1)),
        alone(
            names::INGEST,
            Scenario::FanOut(FanOut {
                crowd: Crowd {
                    online: Some(1),
                    ..crowd(200, 5, 1)
                },
                window: 16,
            }),
        ),
        beside_floors(names::STEADY_100, steady(10, 50, 5, 100.0)),
        beside_floors(names::STEADY_1000, steady(10, 50, 5, 1_000.0)),
        alone(names::ROOM_OF_10000, steady(1, 10_000, 10, 10.0)),
        alone(names::CAPACITY, steady(3_900, 5, 1, 1_000.0)),
        beside_floors(
            names::IDLE,
            Scenario::Idle(Idle {
                rooms: 1_000,
                members: 5,
                at_once: AT_ONCE,
                seconds: seconds(30.0),
            }),
        ),
        alone(names::STORM, Scenario::Storm(Storm { members: 10_000 })),
        alone(
            names::HISTORY,
            Scenario::History(History {
                messages: 1_000_000,
                limit: 50,
                pages: if quick { 100 } else { 1_000 },
            }),
        ),
        alone(
            names::ROOM_LIST,
            Scenario::RoomList(RoomList {
                rooms: 500,
                requests: if quick { 100 } else { 1_000 },
            }),
        ),
        alone(
            names::STALLED,
            Scenario::Stalled(Stalled {
                rooms: 100,
                readers: 40,
                stalled: 10,
                rate: 500.0,
                text: 2_000,
                // Long enough to exceed a reader's outbox and buffers.
                seconds: 60.0,
                warm_up: 2.0,
            }),
        ),
        alone(
            names::LOG_INS,
            Scenario::LogIns(LogIns {
                crowd: Crowd {
                    seconds: seconds(30.0),
                    ..crowd(10, 50, 5)
                },
                rate: 100.0,
                at_once: 50,
            }),
        ),
    ]
}

impl Series {
    fn run(&mut self, scenario: &Scenario, host: &Host) -> Result<(), Box<dyn Error>> {
        let text = match scenario.run(host, self.target) {
            Ok(measurement) => {
                let table = measurement.table();
                self.runs.push(measurement);
                table
            }
            Err(error) if host.is_interrupted() => return Err(error.into()),
            Err(error) => {
                self.failures.push(error.to_string());
                format!("FAILED: {error}\n")
            }
        };
        Ok(io::stderr().write_all(text.as_bytes())?)
    }

    fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.runs.iter().all(Measurement::is_clean)
    }

    /// Median, minimum and maximum of a figure.
    pub(crate) fn spread(&self, name: &str) -> Option<[f64; 3]> {
        let all = self.runs.iter().flat_map(|run| &run.figures);
        let mut values: Vec<f64> = all
            .filter(|figure| figure.name == name)
            .map(|figure| figure.value)
            .collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (*values.first()?, *values.last()?);
        let middle = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Some([middle, first, last])
    }
}

impl Report {
    fn new(entries: &[Entry]) -> Self {
        let targets = |entry: &Entry| match entry.with_floors {
            true => vec![Kind::Server, Kind::FloorA, Kind::FloorB],
            false => vec![Kind::Server],
        };
        let series = |entry: &Entry| {
            let scenario = entry.name;
            targets(entry).into_iter().map(move |target| Series {
                scenario,
                target,
                runs: Vec::new(),
                failures: Vec::new(),
            })
        };
        Self {
            at: SystemTime::now().into(),
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            series: entries.iter().flat_map(series).collect(),
        }
    }

    fn is_clean(&self) -> bool {
        self.series.iter().all(Series::is_clean)
    }

    /// A Markdown report: a table for each scenario, a column for each server.
    fn table(&self) -> String {
        let runs = || self.series.iter().flat_map(|series| &series.runs);
        let postgres = runs()
            .find_map(|run| run.postgres.as_deref())
            .unwrap_or("none");
        let (date, processor, cores) = (self.at.format("%F"), &self.processor, self.cores);
        let kernel = &self.kernel;
        let mut text = format!(
            "Measured on {date}: {processor}, {cores} cores, Linux {kernel}, PostgreSQL {postgres}.\n\
             Median of the runs, with the least and the most where they differ.\n"
        );
        text += &goals::table(&self.series);
        for group in self.series.chunk_by(|a, b| a.scenario == b.scenario) {
            text += &section(group);
        }
        text
    }
}

fn section(group: &[Series]) -> String {
    let mut text = String::new();
    let name = group.first().map_or("", |series| series.scenario);
    text += &format!("\n### {name}\n\n| |");
    for series in group {
        text += &format!(" {} |", series.target.name());
    }
    text += &format!("\n|---|{}\n", "---:|".repeat(group.len()));
    let figures = group.iter().flat_map(|series| series.runs.first());
    let Some(longest) = figures.max_by_key(|run| run.figures.len()) else {
        return text + "\nNo run had a result.\n";
    };
    for figure in &longest.figures {
        let unit = if figure.unit.is_empty() {
            String::new()
        } else {
            format!(", {}", figure.unit)
        };
        text += &format!("| {}{unit} |", figure.name);
        for series in group {
            text += &format!(
                " {} |",
                series.spread(figure.name).map_or_else(String::new, cell)
            );
        }
        text.push('\n');
    }
    for series in group.iter().filter(|series| !series.is_clean()) {
        let wrong = series.runs.iter().filter(|run| !run.is_clean());
        let reasons = wrong
            .map(Measurement::verdict)
            .chain(series.failures.iter().cloned());
        for reason in reasons {
            text += &format!("\n{}: {reason}\n", series.target.name());
        }
    }
    text
}

fn cell([middle, least, most]: [f64; 3]) -> String {
    let [middle, least, most] = [middle, least, most].map(readable);
    match least == most {
        true => middle,
        false => format!("{middle} ({least} to {most})"),
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    model.unwrap_or_else(|| "unknown processor".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_shows_its_median_and_its_ends() {
        let run = |value| {
            let mut run = Measurement::default();
            run.add("messages", value, "/s");
            run
        };
        let mut series = Series {
            scenario: "x",
            target: Kind::Server,
            runs: [3.0, 1.0, 2.0].map(run).into(),
            failures: Vec::new(),
        };
        assert_eq!(series.spread("messages"), Some([2.0, 1.0, 3.0]));
        assert_eq!(series.spread("nothing"), None);
        series.runs.pop();
        assert_eq!(series.spread("messages"), Some([2.0, 1.0, 3.0]));
        let text = section(&[series]);
        assert!(
            text.contains("| messages, /s | 2.00 (1.00 to 3.00) |"),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_was_wrong_is_named_in_the_table() {
        let mut run = Measurement::default();
        run.faults.missing = 7;
        let series = Series {
            scenario: "x",
            target: Kind::FloorA,
            runs: vec![run],
            failures: vec!["it broke".to_owned()],
        };
        assert!(!series.is_clean());
        let text = section(&[series]);
        assert!(
            text.contains("7 missing") && text.contains("it broke"),
            "{text}"
        );
    }
}
