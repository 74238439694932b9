//! Performance goals on a machine of two cores that server and generator share, and their evaluation.

use crate::{
    report::readable,
    suite::{Series, names},
    target::Kind,
};

struct Goal {
    what: &'static str,
    scenario: &'static str,
    figure: &'static str,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// At least the figure of baseline A in the same run: machines differ, so the ratio counts.
    FirstFloor,
}

use Bound::{AtLeast, AtMost, FirstFloor};

const CPU: &str = "deliveries per server CPU-second";

const GOALS: [Goal; 21] = [
    goal(
        "deliveries per server CPU-second, 10 × 50",
        names::ROOMS_OF_50,
        CPU,
        FirstFloor,
    ),
    goal(
        "deliveries per server CPU-second, 1 × 1,000",
        names::ROOM_OF_1000,
        CPU,
        FirstFloor,
    ),
    goal(
        "messages/s committed and delivered, 200 × 5",
        names::ROOMS_OF_5,
        "messages",
        AtLeast(15_000.0),
    ),
    goal(
        "messages/s committed, only the sender online",
        names::INGEST,
        "messages",
        AtLeast(25_000.0),
    ),
    goal(
        "last delivery at 100 messages/s, p50, ms",
        names::STEADY_100,
        "last delivery p50",
        AtMost(2.5),
    ),
    goal(
        "last delivery at 100 messages/s, p99, ms",
        names::STEADY_100,
        "last delivery p99",
        AtMost(6.0),
    ),
    goal(
        "last delivery at 1,000 messages/s, p99, ms",
        names::STEADY_1000,
        "last delivery p99",
        AtMost(12.0),
    ),
    goal(
        "memory an idle connection, KiB",
        names::IDLE,
        "memory a connection",
        AtMost(18.0),
    ),
    goal(
        "connections made and joined a second",
        names::IDLE,
        "connected and joined",
        AtLeast(5_000.0),
    ),
    goal(
        "CPU an idle connection and second, µs",
        names::IDLE,
        "CPU a connection and second",
        AtMost(2.0),
    ),
    goal(
        "connections in one process",
        names::CAPACITY,
        "connections",
        AtLeast(19_500.0),
    ),
    goal(
        "page of 50 in a million, p50, ms",
        names::HISTORY,
        "page p50",
        AtMost(1.5),
    ),
    goal(
        "page of 50 in a million, p99, ms",
        names::HISTORY,
        "page p99",
        AtMost(5.0),
    ),
    goal(
        "oldest page to newest, p50",
        names::HISTORY,
        "oldest to newest p50",
        AtMost(1.3),
    ),
    goal(
        "rooms of a person with 500, page of 20, p99, ms",
        names::ROOM_LIST,
        "page of 20 p99",
        AtMost(15.0),
    ),
    goal(
        "rooms of a person with 500, page of 100, p99, ms",
        names::ROOM_LIST,
        "page of 100 p99",
        AtMost(15.0),
    ),
    goal(
        "room of 10,000 at 10 messages/s, p99, ms",
        names::ROOM_OF_10000,
        "last delivery p99",
        AtMost(400.0),
    ),
    goal(
        "10,000 of one room join at once, s",
        names::STORM,
        "all joined after",
        AtMost(10.0),
    ),
    goal(
        "memory for 1,000 that never read, MB",
        names::STALLED,
        "memory for those who do not read",
        AtMost(64.0),
    ),
    goal(
        "the others' p99 beside them to alone",
        names::STALLED,
        "p99 beside them to alone",
        AtMost(1.1),
    ),
    goal(
        "the chat's p99 beside 50 who log in to alone",
        names::LOG_INS,
        "p99 beside them to alone",
        AtMost(1.5),
    ),
];

const fn goal(
    what: &'static str,
    scenario: &'static str,
    figure: &'static str,
    bound: Bound,
) -> Goal {
    Goal {
        what,
        scenario,
        figure,
        bound,
    }
}

/// A Markdown table of the goals with a measurement.
pub(crate) fn table(series: &[Series]) -> String {
    let mut text = "\n| goal | bound | measured | |\n|---|---:|---:|---|\n".to_owned();
    for goal in &GOALS {
        text += &goal.row(series).unwrap_or_default();
    }
    text
}

impl Goal {
    fn row(&self, series: &[Series]) -> Option<String> {
        let of = |target| {
            let one =
                |series: &&Series| series.scenario == self.scenario && series.target == target;
            let [median, ..] = series.iter().find(one)?.spread(self.figure)?;
            Some(median)
        };
        let measured = of(Kind::Server)?;
        // Tolerates rounding errors in sums and differences.
        let little = measured.abs() * 1e-9;
        let (sign, bound, reached) = match self.bound {
            AtLeast(bound) => ("≥", bound, measured + little >= bound),
            AtMost(bound) => ("≤", bound, measured - little <= bound),
            FirstFloor => {
                let floor = of(Kind::FloorA)?;
                ("≥", floor, measured >= floor)
            }
        };
        let verdict = if reached { "reached" } else { "missed" };
        let (bound, measured) = (readable(bound), readable(measured));
        Some(format!(
            "| {} | {sign} {bound} | {measured} | {verdict} |\n",
            self.what
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Measurement;

    fn series(scenario: &'static str, target: Kind, figure: &'static str, value: f64) -> Series {
        let mut run = Measurement::default();
        run.add(figure, value, "");
        Series {
            scenario,
            target,
            runs: vec![run],
            failures: Vec::new(),
        }
    }

    #[test]
    fn a_goal_is_reached_on_the_right_side_of_its_bound() {
        let page = |value| table(&[series(names::HISTORY, Kind::Server, "page p50", value)]);
        assert!(page(1.5).contains("| reached |"));
        assert!(page(1.6).contains("| missed |"));
        let rate = |value| table(&[series(names::ROOMS_OF_5, Kind::Server, "messages", value)]);
        assert!(rate(15_000.0).contains("| reached |"));
        assert!(rate(14_999.0).contains("| missed |"));
    }

    #[test]
    fn a_goal_beside_the_floor_needs_the_floor() {
        let server = || series(names::ROOMS_OF_50, Kind::Server, CPU, 2.0);
        assert!(!table(&[server()]).contains("10 × 50"));
        let beside = |floor| {
            table(&[
                server(),
                series(names::ROOMS_OF_50, Kind::FloorA, CPU, floor),
            ])
        };
        assert!(beside(1.9).contains("| reached |"));
        assert!(beside(2.1).contains("| missed |"));
    }
}
