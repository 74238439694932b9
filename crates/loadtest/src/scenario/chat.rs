//! Chat traffic: closed loop at maximum throughput, or open loop at a given rate.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    community::Community,
    report::Measurement,
    schedule::Schedule,
    stage::{Host, ScenarioError, Stage},
    stamp::MIN_TEXT,
    target::Kind,
};

/// Who is there, and for how long.
#[derive(Args, Clone, Debug)]
pub(crate) struct Crowd {
    /// Rooms.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rooms: u32,
    /// Members of each room.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) members: u32,
    /// Members of each room who are connected; all of them if left out.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) online: Option<u32>,
    /// Members of each room who send.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) senders: u32,
    /// Characters of a message.
    #[arg(long, default_value_t = 64, value_parser = text_length)]
    pub(crate) text: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Seconds before, which are not.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    pub(crate) warm_up: f64,
}

/// How fast messages go through.
#[derive(Args, Clone, Debug)]
pub(crate) struct FanOut {
    #[command(flatten)]
    pub(crate) crowd: Crowd,
    /// Messages of each sender on the way at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) window: u32,
}

/// How long messages take.
#[derive(Args, Clone, Debug)]
pub(crate) struct Steady {
    #[command(flatten)]
    pub(crate) crowd: Crowd,
    /// Messages a second, over all rooms.
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub(crate) rate: f64,
}

pub(super) fn text_length(text: &str) -> Result<usize, String> {
    within(text, MIN_TEXT as f64, 4_000.0).map(|length| length as usize)
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.0, 3_600.0)
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    within(text, 0.1, 1e6)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a number from {least} to {most}")),
    }
}

impl Crowd {
    fn stage(&self, host: &Host, kind: Kind) -> Result<Stage, ScenarioError> {
        let community = Community {
            rooms: self.rooms,
            members: self.members,
        };
        let online = self.online.unwrap_or(self.members).min(self.members);
        let senders = self.senders.min(online);
        Stage::set(host, kind, community, online, senders, self.text)
    }
}

impl FanOut {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let mut stage = self.crowd.stage(host, kind)?;
        let mut result = Measurement::default();
        stage.swarm.start_echoing(self.window);
        stage.swarm.run(after(self.crowd.warm_up))?;
        let span = stage.begin()?;
        stage.swarm.run(after(self.crowd.seconds))?;
        stage.end(&span, &mut result)?;
        stage.swarm.stop_echoing();
        stage.judge(&mut result)?;
        stage.times(&mut result);
        Ok(result)
    }
}

impl Steady {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let mut stage = self.crowd.stage(host, kind)?;
        let mut result = Measurement::default();
        run_steadily(
            &mut stage,
            self.rate,
            self.crowd.warm_up,
            self.crowd.seconds,
            &mut result,
        )?;
        let connections = stage.swarm.connections().len();
        result.add("connections", connections as f64, "");
        stage.judge(&mut result)?;
        stage.times(&mut result);
        Ok(result)
    }
}

/// Sends at a constant rate (open loop), and records resource usage after the warm-up.
pub(super) fn run_steadily(
    stage: &mut Stage,
    rate: f64,
    warm_up: f64,
    seconds: f64,
    into: &mut Measurement,
) -> Result<(), ScenarioError> {
    let mut schedule = Schedule::new(stage.swarm.now(), rate, stage.swarm.senders());
    stage.swarm.run_schedule(&mut schedule, after(warm_up))?;
    let span = stage.begin()?;
    stage.swarm.run_schedule(&mut schedule, after(seconds))?;
    stage.end(&span, into)
}

pub(super) fn after(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}
