//! Chat latency under a load of concurrent logins.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use clap::Args;

use super::chat::{Crowd, rate, run_steadily};
use crate::{
    community::Community,
    database::email,
    histogram::Histogram,
    report::Measurement,
    stage::{Host, ScenarioError, Stage},
    target::Kind,
};

/// What the server's `Retry-After` says when it is busy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

const PASSWORD: &str = "a password of the load test";
/// bcrypt's cost as the server has it by default.
const BCRYPT_COST: u32 = 12;
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What a storm of log-ins costs those who chat.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogIns {
    #[command(flatten)]
    pub(crate) crowd: Crowd,
    /// Messages a second, over all rooms.
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// How many log in at the same time, again and again.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) at_once: u32,
}

impl LogIns {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        let mut result = Measurement::default();
        let [alone_p50, alone_p99] = self.chat(host, kind, 0, &mut result)?;
        let [beside_p50, beside_p99] = self.chat(host, kind, self.at_once, &mut result)?;
        result.add("last delivery p50 alone", alone_p50, "ms");
        result.add("last delivery p50 beside them", beside_p50, "ms");
        result.add("last delivery p99 alone", alone_p99, "ms");
        result.add("last delivery p99 beside them", beside_p99, "ms");
        result.add("p99 beside them to alone", beside_p99 / alone_p99, "");
        Ok(result)
    }

    /// One run; returns the median and the 99th percentile in milliseconds.
    fn chat(
        &self,
        host: &Host,
        kind: Kind,
        at_once: u32,
        into: &mut Measurement,
    ) -> Result<[f64; 2], ScenarioError> {
        let crowd = &self.crowd;
        let community = Community {
            rooms: crowd.rooms,
            members: crowd.members,
        };
        let (members, senders) = (crowd.members, crowd.senders.min(crowd.members));
        let mut stage = Stage::set(host, kind, community, members, senders, crowd.text)?;
        if let Some(database) = &mut stage.target.database {
            let hash = bcrypt::hash(PASSWORD, BCRYPT_COST)
                .map_err(|error| ScenarioError::Wrong(error.to_string()))?;
            database.set_passwords(&hash)?;
        }
        let mut used = Measurement::default();
        let storm = Storm::new(stage.target.address, at_once.min(community.users()));
        let (chatted, times) = thread::scope(|scope| {
            let logging_in = storm.begin(scope);
            let chatted = run_steadily(
                &mut stage,
                self.rate,
                crowd.warm_up,
                crowd.seconds,
                &mut used,
            );
            storm.over.store(true, Ordering::Relaxed);
            let times: Vec<_> = logging_in
                .into_iter()
                .filter_map(|person| person.join().ok())
                .collect();
            (chatted, times)
        });
        chatted?;
        stage.judge(into)?;
        if at_once > 0 {
            note_log_ins(times, crowd.warm_up + crowd.seconds, into)?;
        }
        let times = &stage.swarm.ledger.completion_times;
        Ok([times.quantile_ms(0.5), times.quantile_ms(0.99)])
    }
}

/// Users who log in repeatedly until `over`.
struct Storm {
    server: SocketAddr,
    people: u32,
    over: AtomicBool,
}

/// The duration of each login of one user, or the first failure.
type LogInTimes = Result<Vec<Duration>, String>;

impl Storm {
    fn new(server: SocketAddr, people: u32) -> Self {
        Self {
            server,
            people,
            over: AtomicBool::new(false),
        }
    }

    fn begin<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
    ) -> Vec<thread::ScopedJoinHandle<'scope, LogInTimes>> {
        (0..self.people)
            .map(|person| scope.spawn(move || self.keep_logging_in(person)))
            .collect()
    }

    fn keep_logging_in(&self, person: u32) -> LogInTimes {
        let mut times = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            let begun = Instant::now();
            log_in(self.server, person)?;
            // A login that ends after the measured span does not count.
            if !self.over.load(Ordering::Relaxed) {
                times.push(begun.elapsed());
            }
        }
        Ok(times)
    }
}

fn log_in(server: SocketAddr, person: u32) -> Result<(), String> {
    loop {
        let answer = post_credentials(server, person).map_err(|error| error.to_string())?;
        match answer.lines().next().unwrap_or_default() {
            line if line.starts_with("HTTP/1.1 200 ") => return Ok(()),
            // The queue for hashing is full.
            line if line.starts_with("HTTP/1.1 503 ") => thread::sleep(RETRY_AFTER),
            line => return Err(format!("a log-in was answered {line}")),
        }
    }
}

fn post_credentials(server: SocketAddr, person: u32) -> std::io::Result<String> {
    let email = email(person);
    let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
    let mut connection = TcpStream::connect(server)?;
    connection.set_read_timeout(Some(READ_TIMEOUT))?;
    write!(
        connection,
        "POST /api/v1/auth/token HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

fn note_log_ins(
    people: Vec<LogInTimes>,
    seconds: f64,
    into: &mut Measurement,
) -> Result<(), ScenarioError> {
    let mut times = Histogram::default();
    let mut count = 0_u32;
    for person in people {
        for time in person.map_err(ScenarioError::Wrong)? {
            times.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            count += 1;
        }
    }
    into.add("log-ins", f64::from(count) / seconds, "/s");
    into.add("log-in p50", times.quantile_ms(0.5), "ms");
    into.add("log-in p99", times.quantile_ms(0.99), "ms");
    Ok(())
}
