//! Connection storm: all members of one room join at once.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    community::Community,
    ledger::JoinNotices,
    report::Measurement,
    stage::{Host, ScenarioError, Stage},
    stamp::MIN_TEXT,
    target::Kind,
};

/// Silence of this length ends the wait for presence notices.
const QUIET: Duration = Duration::from_secs(1);
/// The deadline of the presence notices.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a room takes to fill.
#[derive(Args, Clone, Debug)]
pub(crate) struct Storm {
    /// Members of the room.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..=19_500))]
    pub(crate) members: u32,
}

impl Storm {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let members = self.members;
        let community = Community { rooms: 1, members };
        let mut stage = Stage::empty(host, kind, community, members, 0, MIN_TEXT)?;
        stage.swarm.joins = true;
        stage.swarm.ledger.join_notices = Some(JoinNotices::new(members));
        let before = stage.target.usage()?.server;
        let begun = Instant::now();
        let joined = stage.connect(0..members, members as usize, None)?;
        let was_quiet = wait_for_quiet(&mut stage)?;
        let notified_after = begun.elapsed().saturating_sub(QUIET);

        let mut result = Measurement::default();
        let after = stage.target.usage()?.server;
        result.add("all joined after", joined.as_secs_f64(), "s");
        if was_quiet {
            result.add("all notified after", notified_after.as_secs_f64(), "s");
        }
        result.add("still notifying after a minute", f64::from(!was_quiet), "");
        result.add("notices", stage.swarm.ledger.notices as f64, "");
        result.add("server CPU", after.cpu - before.cpu, "s");
        result.add("server memory, most", after.peak_memory as f64 / 1e6, "MB");
        let notices = stage.swarm.ledger.join_notices.take();
        result.faults.repeated = notices.map_or(0, |notices| notices.repeated);
        stage.judge(&mut result)?;
        Ok(result)
    }
}

/// Waits for [`QUIET`] without a notice. Returns false at the deadline.
fn wait_for_quiet(stage: &mut Stage) -> Result<bool, ScenarioError> {
    let (mut seen, mut since, begun) = (0, Instant::now(), Instant::now());
    while since.elapsed() < QUIET {
        stage.swarm.run(Instant::now() + QUIET / 10)?;
        let notices = stage.swarm.ledger.notices;
        if notices != seen {
            (seen, since) = (notices, Instant::now());
        }
        if begun.elapsed() > NOTIFY_TIMEOUT {
            return Ok(false);
        }
    }
    Ok(true)
}
