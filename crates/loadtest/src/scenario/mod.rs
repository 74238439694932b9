//! The measurable scenarios.

mod chat;
mod history;
mod idle;
mod log_ins;
mod room_list;
mod stalled;
mod storm;

use crate::{
    report::Measurement,
    stage::{Host, ScenarioError},
    target::Kind,
};

pub(crate) use chat::{Crowd, FanOut, Steady};
pub(crate) use history::History;
pub(crate) use idle::Idle;
pub(crate) use log_ins::LogIns;
pub(crate) use room_list::RoomList;
pub(crate) use stalled::Stalled;
pub(crate) use storm::Storm;

/// One scenario with its parameters.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Scenario {
    /// Each sender keeps a few messages in flight (closed loop): measures throughput.
    FanOut(FanOut),
    /// Messages at an even pace, whatever comes back (open loop): how long they take.
    Steady(Steady),
    /// Connections that do nothing once they have joined: what each takes to make and to keep.
    Idle(Idle),
    /// All members of one room join at once.
    Storm(Storm),
    /// Pages of a long history, near and far.
    History(History),
    /// The list of rooms of a person with many.
    RoomList(RoomList),
    /// Readers that never read beside people who chat.
    Stalled(Stalled),
    /// People who log in beside people who chat.
    LogIns(LogIns),
}

impl Scenario {
    /// Runs it once against a server that is started for it.
    ///
    /// # Errors
    /// Where there is no result; a wrong result is in the measurement.
    pub(crate) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        match self {
            Self::FanOut(scenario) => scenario.run(host, kind),
            Self::Steady(scenario) => scenario.run(host, kind),
            Self::Idle(scenario) => scenario.run(host, kind),
            Self::Storm(scenario) => scenario.run(host, kind),
            Self::History(scenario) => scenario.run(host, kind),
            Self::RoomList(scenario) => scenario.run(host, kind),
            Self::Stalled(scenario) => scenario.run(host, kind),
            Self::LogIns(scenario) => scenario.run(host, kind),
        }
    }
}
