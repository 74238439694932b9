//! Chat latency beside slow consumers that never read.

use std::ops::Range;

use clap::Args;

use super::chat::{after, rate, run_steadily, seconds, text_length};
use crate::{
    community::Community,
    connection::{Connection, Phase},
    report::Measurement,
    stage::{AT_ONCE, Host, ScenarioError, Stage},
    target::Kind,
};

/// In bytes. Small, so that the backlog accumulates in the server rather than in the kernel.
const RECEIVE_BUFFER: usize = 4_096;
const TOO_SLOW: u16 = 4_002;
/// Long enough to read the backlog, in seconds.
const CATCHING_UP: f64 = 5.0;

/// What readers that never read cost the others, and the server.
#[derive(Args, Clone, Debug)]
pub(crate) struct Stalled {
    /// Rooms.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rooms: u32,
    /// Members of each room who chat.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) readers: u32,
    /// Members of each room who never read.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) stalled: u32,
    /// Messages a second, over all rooms.
    #[arg(long, default_value_t = 500.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Characters of a message.
    #[arg(long, default_value_t = 2_000, value_parser = text_length)]
    pub(crate) text: usize,
    /// Seconds that are measured, once without and once with those who do not read.
    #[arg(long, default_value_t = 40.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Seconds before each, which are not.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    pub(crate) warm_up: f64,
}

impl Stalled {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let mut result = Measurement::default();
        let (alone, used_alone) = self.chat(host, kind, 0, &mut result)?;
        let (beside, used_beside) = self.chat(host, kind, self.stalled, &mut result)?;
        let [alone_p50, alone_p99] = alone;
        let [beside_p50, beside_p99] = beside;
        result.add("last delivery p50 alone", alone_p50, "ms");
        result.add("last delivery p50 beside them", beside_p50, "ms");
        result.add("last delivery p99 alone", alone_p99, "ms");
        result.add("last delivery p99 beside them", beside_p99, "ms");
        result.add("p99 beside them to alone", beside_p99 / alone_p99, "");
        let more = used_beside.saturating_sub(used_alone) as f64 / 1e6;
        result.add("memory for those who do not read", more, "MB");
        Ok(result)
    }

    /// One run; returns the median and the 99th percentile in milliseconds, and the largest memory.
    fn chat(
        &self,
        host: &Host,
        kind: Kind,
        stalled: u32,
        into: &mut Measurement,
    ) -> Result<([f64; 2], u64), ScenarioError> {
        let community = Community {
            rooms: self.rooms,
            members: self.readers + self.stalled,
        };
        let mut stage = Stage::set(host, kind, community, self.readers, 1, self.text)?;
        let quiet = stall(&mut stage, self.readers..self.readers + stalled)?;
        let mut used = Measurement::default();
        run_steadily(&mut stage, self.rate, self.warm_up, self.seconds, &mut used)?;
        let most = stage.target.usage()?.server.peak_memory;
        stage.judge(into)?;
        let times = &stage.swarm.ledger.completion_times;
        let times = [times.quantile_ms(0.5), times.quantile_ms(0.99)];
        if stalled > 0 {
            note_ends(&mut stage, quiet, into)?;
        }
        Ok((times, most))
    }
}

/// Connects these members of every room, and stops reading from them. Returns their connections.
fn stall(stage: &mut Stage, members: Range<u32>) -> Result<Range<usize>, ScenarioError> {
    let first = stage.swarm.connections().len();
    stage.connect(members, AT_ONCE, Some(RECEIVE_BUFFER))?;
    let stalled = first..stage.swarm.connections().len();
    for index in stalled.clone() {
        stage.swarm.stall(index)?;
    }
    Ok(stalled)
}

/// Reads the backlog of the stalled connections, and records how the server ended each.
fn note_ends(
    stage: &mut Stage,
    stalled: Range<usize>,
    into: &mut Measurement,
) -> Result<(), ScenarioError> {
    for index in stalled.clone() {
        stage.swarm.wake(index)?;
    }
    stage.swarm.run(after(CATCHING_UP))?;
    let connections = &stage.swarm.connections()[stalled];
    let count = |holds: fn(&Connection) -> bool| {
        connections
            .iter()
            .filter(|connection| holds(connection))
            .count() as f64
    };
    into.add("closed with 4002", count(|c| c.code == Some(TOO_SLOW)), "");
    into.add(
        "cut off without a code",
        count(|c| c.phase == Phase::Ended && c.code.is_none()),
        "",
    );
    into.add(
        "kept within their bound",
        count(|c| c.phase == Phase::Open),
        "",
    );
    Ok(())
}
