//! Cost of connecting and of idle connections.

use clap::Args;

use super::chat::{after, seconds};
use crate::{
    community::Community,
    report::Measurement,
    stage::{AT_ONCE, Host, ScenarioError, Stage},
    stamp::MIN_TEXT,
    target::Kind,
};

/// What a connection takes to make and to keep.
#[derive(Args, Clone, Debug)]
pub(crate) struct Idle {
    /// Rooms.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rooms: u32,
    /// Members of each room, all connected.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    pub(crate) members: u32,
    /// Handshakes on their way at a time.
    #[arg(long, default_value_t = AT_ONCE)]
    pub(crate) at_once: usize,
    /// Seconds of quiet that are measured.
    #[arg(long, default_value_t = 30.0, value_parser = seconds)]
    pub(crate) seconds: f64,
}

impl Idle {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let community = Community {
            rooms: self.rooms,
            members: self.members,
        };
        let mut stage = Stage::empty(host, kind, community, self.members, 0, MIN_TEXT)?;
        stage.swarm.joins = true;
        let before = stage.target.usage()?.server;
        let took = stage.connect(0..self.members, self.at_once, None)?;
        let connected = stage.target.usage()?.server;
        let count = f64::from(community.users());

        let mut result = Measurement::default();
        result.add("connections", count, "");
        result.add("connected and joined", count / took.as_secs_f64(), "/s");
        let each = (connected.cpu - before.cpu) * 1e6 / count;
        result.add("server CPU a connection made", each, "µs");
        // The server finishes its work for the new connections within a few seconds.
        stage.swarm.run(after(3.0))?;
        let quiet = stage.target.usage()?.server;
        let each = quiet.memory.saturating_sub(before.memory) as f64 / count;
        result.add("memory a connection", each / 1_024.0, "KiB");
        let span = stage.begin()?;
        stage.swarm.run(after(self.seconds))?;
        stage.end(&span, &mut result)?;
        let rested = stage.target.usage()?.server;
        let each = (rested.cpu - quiet.cpu) * 1e6 / count / self.seconds;
        result.add("CPU a connection and second", each, "µs");
        result.add("notices", stage.swarm.ledger.notices as f64, "");
        stage.judge(&mut result)?;
        Ok(result)
    }
}
