//! What an operator sees during a row: health probes, metrics, memory.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::endpoint::Endpoint;
use crate::usage;

const PERIOD: Duration = Duration::from_millis(100);
/// A health check that takes longer has failed.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
const READY: &str = "abu_ready ";

/// One request of a health check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) sent: Instant,
    pub(super) is_ok: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Observations {
    pub(super) live: Vec<Probe>,
    pub(super) ready: Vec<Probe>,
    /// Whether `/metrics` answered.
    pub(super) metrics: Vec<Probe>,
    /// `abu_ready` of the answers.
    pub(super) ready_metric: Vec<(Instant, bool)>,
    /// Resident memory of the server, in bytes.
    pub(super) memory: Vec<(Instant, u64)>,
}

pub(super) struct Observer {
    seen: Arc<Mutex<Observations>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Observer {
    /// Each observation has a thread of its own, so that a slow answer delays no other.
    pub(super) fn start(endpoint: &Endpoint) -> Self {
        let mut observer = Self {
            seen: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        observer.watch(endpoint, |endpoint, seen| {
            let (probe, _) = probe(endpoint.http(), "/health/live");
            seen.lock().live.push(probe);
        });
        observer.watch(endpoint, |endpoint, seen| {
            let (probe, _) = probe(endpoint.http(), "/health/ready");
            seen.lock().ready.push(probe);
        });
        observer.watch(endpoint, |endpoint, seen| {
            let (probe, answer) = probe(endpoint.metrics(), "/metrics");
            let ready = answer.lines().find_map(|line| line.strip_prefix(READY));
            let mut seen = seen.lock();
            seen.metrics.push(probe);
            if let Some(ready) = ready {
                seen.ready_metric.push((probe.sent, ready.trim() == "1"));
            }
        });
        observer.watch(endpoint, |endpoint, seen| {
            // The process may be restarting.
            if let Ok(usage) = usage::of_process(endpoint.pid()) {
                seen.lock().memory.push((Instant::now(), usage.memory));
            }
        });
        observer
    }

    fn watch(&mut self, endpoint: &Endpoint, look: fn(&Endpoint, &Mutex<Observations>)) {
        let (endpoint, seen, stop) = (
            endpoint.clone(),
            Arc::clone(&self.seen),
            Arc::clone(&self.stop),
        );
        self.threads.push(thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                look(&endpoint, &seen);
                thread::sleep(PERIOD);
            }
        }));
    }

    /// Whether the newest readiness check was sent after `since` and succeeded.
    pub(super) fn is_ready_since(&self, since: Instant) -> bool {
        let seen = self.seen.lock();
        let last = seen.ready.last();
        last.is_some_and(|probe| probe.is_ok && probe.sent > since)
    }

    pub(super) fn finish(&mut self) -> Observations {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic would have left a message.
            let _ = thread.join();
        }
        self.seen.lock().clone()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn probe(server: SocketAddr, path: &str) -> (Probe, String) {
    let sent = Instant::now();
    let answer = get(server, path, sent + PROBE_TIMEOUT).unwrap_or_default();
    let is_ok = answer.starts_with("HTTP/1.1 200 ") && sent.elapsed() <= PROBE_TIMEOUT;
    (Probe { sent, is_ok }, answer)
}

fn get(server: SocketAddr, path: &str, until: Instant) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, PROBE_TIMEOUT)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"
    )?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 16 * 1_024]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Ok(String::from_utf8_lossy(&answer).into_owned()),
            count => answer.extend_from_slice(&buffer[..count]),
        }
    }
}
