//! The test bed of a scenario: a server, its clients, and the measured span.

use std::{
    ops::Range,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    community::{Community, Place},
    connection::Phase,
    ledger::Ledger,
    report::Measurement,
    swarm::{Plan, Swarm, SwarmError},
    target::{Kind, Target, TargetError, TargetUsage},
    usage,
    verifier::Faults,
};

/// The default number of concurrent handshakes.
pub(crate) const AT_ONCE: usize = 128;
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// Bounds the wait for deliveries after the last message.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a scenario has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScenarioError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    #[error("the database: {0}")]
    Database(#[from] postgres::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Wrong(String),
}

/// The environment of all scenarios.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) server: PathBuf,
    /// The folder of the servers' data.
    pub(crate) scratch: PathBuf,
    /// Set by SIGINT and SIGTERM.
    pub(crate) interrupted: Arc<AtomicBool>,
}

impl Host {
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

pub(crate) struct Stage {
    // The fields drop in this order: clients before the server.
    pub(crate) swarm: Swarm,
    pub(crate) target: Target,
    community: Community,
}

/// A snapshot of all counters.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    usage: TargetUsage,
    generator_cpu: f64,
    deliveries: u64,
    reads: u64,
}

/// The measured span of a run.
pub(crate) struct Span {
    begun: Moment,
}

impl Stage {
    /// Starts a server for `community`, and connects the first `online` members of every room. The first `senders`
    /// of them send.
    pub(crate) fn set(
        host: &Host,
        kind: Kind,
        community: Community,
        online: u32,
        senders: u32,
        text_length: usize,
    ) -> Result<Self, ScenarioError> {
        let mut stage = Self::empty(host, kind, community, online, senders, text_length)?;
        stage.connect(0..online, AT_ONCE, None)?;
        stage.swarm.appoint_senders(senders);
        Ok(stage)
    }

    /// As [`set`](Self::set), without connections or senders.
    pub(crate) fn empty(
        host: &Host,
        kind: Kind,
        community: Community,
        online: u32,
        senders: u32,
        text_length: usize,
    ) -> Result<Self, ScenarioError> {
        let target = Target::start(kind, community, &host.server, &host.scratch)?;
        let ledger = Ledger::new(community.rooms, online, senders);
        let interrupted = Arc::clone(&host.interrupted);
        let swarm = Swarm::new(target.address, ledger, text_length, interrupted)?;
        Ok(Self {
            swarm,
            target,
            community,
        })
    }

    /// Connects these members of every room. Returns the duration.
    pub(crate) fn connect(
        &mut self,
        members: Range<u32>,
        at_once: usize,
        receive_buffer: Option<usize>,
    ) -> Result<Duration, ScenarioError> {
        let plan = |place: Place| -> Result<Plan, TargetError> {
            Ok(Plan {
                place,
                request: self.target.handshake(place)?,
                receive_buffer,
            })
        };
        let plans: Result<Vec<_>, _> = self.community.places(members).map(plan).collect();
        Ok(self.swarm.connect(plans?, at_once, CONNECT_TIMEOUT)?)
    }

    fn now_and_entry_id(&mut self) -> Result<Moment, ScenarioError> {
        Ok(Moment {
            at: Instant::now(),
            usage: self.target.usage()?,
            generator_cpu: usage::of_process(process::id())?.cpu,
            deliveries: self.swarm.ledger.deliveries,
            reads: self.swarm.ledger.reads,
        })
    }

    /// Starts the measured span: the histograms count messages due from now on.
    pub(crate) fn begin(&mut self) -> Result<Span, ScenarioError> {
        let now = self.swarm.now();
        self.swarm.ledger.time(now..u64::MAX);
        Ok(Span {
            begun: self.now_and_entry_id()?,
        })
    }

    /// Ends the measured span, and records resource usage. The histograms ignore messages due later.
    pub(crate) fn end(&mut self, span: &Span, into: &mut Measurement) -> Result<(), ScenarioError> {
        let (begun, ended) = (span.begun, self.now_and_entry_id()?);
        self.swarm.ledger.window.end = self.swarm.now();
        let seconds = (ended.at - begun.at).as_secs_f64();
        let deliveries = (ended.deliveries - begun.deliveries) as f64;
        let cpu = ended.usage.server.cpu - begun.usage.server.cpu;
        into.add("measured", seconds, "s");
        into.add("deliveries", deliveries / seconds, "/s");
        into.add("server CPU", cpu, "s");
        if self.target.kind == Kind::Server {
            let postgres = ended.usage.postgres.cpu - begun.usage.postgres.cpu;
            into.add("PostgreSQL CPU", postgres, "s");
        }
        let generator = ended.generator_cpu - begun.generator_cpu;
        into.add("generator CPU", generator, "s");
        if deliveries > 0.0 {
            // A short run may use less than one tick.
            let price = deliveries / cpu.max(usage::TICK);
            into.add("deliveries per server CPU-second", price, "");
            let reads = (ended.reads - begun.reads).max(1) as f64;
            into.add("deliveries a read", deliveries / reads, "");
        }
        into.add(
            "server memory",
            ended.usage.server.memory as f64 / 1e6,
            "MB",
        );
        Ok(())
    }

    /// Records latencies, and the number of complete messages. Call it after [`judge`](Self::judge).
    pub(crate) fn times(&self, into: &mut Measurement) {
        let ledger = &self.swarm.ledger;
        let window = &ledger.window;
        let seconds = (window.end - window.start) as f64 / 1e9;
        let complete: u64 = ledger
            .rooms
            .iter()
            .map(|room| room.complete_in(window))
            .sum();
        into.add("messages", complete as f64 / seconds, "/s");
        let times = &ledger.delivery_times;
        into.add("delivery p50", times.quantile_ms(0.5), "ms");
        into.add("delivery p99", times.quantile_ms(0.99), "ms");
        into.add("delivery p99.9", times.quantile_ms(0.999), "ms");
        into.add("delivery max", times.quantile_ms(1.0), "ms");
        let times = &ledger.completion_times;
        into.add("last delivery p50", times.quantile_ms(0.5), "ms");
        into.add("last delivery p99", times.quantile_ms(0.99), "ms");
        into.add("last delivery p99.9", times.quantile_ms(0.999), "ms");
        into.add("last delivery max", times.quantile_ms(1.0), "ms");
    }

    /// Waits for the last deliveries, then records all faults. Ignores stalled connections.
    pub(crate) fn judge(&mut self, into: &mut Measurement) -> Result<(), ScenarioError> {
        self.swarm.settle(SETTLE_TIMEOUT)?;
        let sent = self.swarm.sent();
        let mut waiting = vec![Vec::new(); self.community.rooms as usize];
        for connection in self.swarm.connections().iter().filter(|c| !c.stalled) {
            match connection.phase {
                Phase::Ended => into.cut_off += 1,
                _ => waiting[connection.place.room as usize].push(connection.position),
            }
        }
        for ((room, sent), positions) in self.swarm.ledger.rooms.iter().zip(sent).zip(waiting) {
            into.faults = sum(into.faults, room.finish(sent, positions.into_iter()));
        }
        let ledger = &self.swarm.ledger;
        into.errors += ledger.errors;
        into.first_error = into
            .first_error
            .take()
            .or_else(|| ledger.first_error.clone());
        into.postgres.clone_from(&self.target.postgres_version);
        self.check_stored(into)
    }

    /// Every delivered message must also be stored.
    fn check_stored(&mut self, into: &mut Measurement) -> Result<(), ScenarioError> {
        let Some(database) = &mut self.target.database else {
            return Ok(());
        };
        let stored = database.messages()?;
        let seen: u64 = self
            .swarm
            .ledger
            .rooms
            .iter()
            .map(|room| u64::from(room.len()))
            .sum();
        into.faults.missing += seen.saturating_sub(stored);
        Ok(())
    }
}

fn sum(a: Faults, b: Faults) -> Faults {
    Faults {
        missing: a.missing + b.missing,
        repeated: a.repeated + b.repeated,
        disordered: a.disordered + b.disordered,
        stray: a.stray + b.stray,
    }
}
