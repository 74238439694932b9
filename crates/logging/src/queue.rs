//! Bounded queue of log lines with a writer thread: a sink that blocks drops lines, and stops no other thread.

use std::{
    io::{self, Write},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

/// Some seconds of a busy access log.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What a burst may leave allocated.
const KEPT_BYTES: usize = 64 * 1024;
/// How often an idle writer reports.
const TICK: Duration = Duration::from_secs(1);

#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    has_lines: Condvar,
    is_empty: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
    /// Lines since the last report.
    dropped: u64,
}

impl Queue {
    /// Starts the thread that writes to `sink`. It calls `report` with the number of lines dropped since the
    /// last call, after each write and once a second.
    pub(crate) fn start_writer(
        &self,
        mut sink: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<()> {
        let queue = self.clone();
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || {
                let mut lines = Vec::new();
                loop {
                    queue.take(&mut lines);
                    // A sink that is gone takes nothing more, which no log can report.
                    let _ = sink.write_all(&lines);
                    let _ = sink.flush();
                    report(queue.written());
                }
            })?;
        Ok(())
    }

    /// Waits for lines, a tick at most.
    fn take(&self, lines: &mut Vec<u8>) {
        lines.clear();
        lines.shrink_to(KEPT_BYTES);
        let mut state = self.0.state.lock();
        if state.waiting.is_empty() {
            self.0.has_lines.wait_for(&mut state, TICK);
        }
        std::mem::swap(lines, &mut state.waiting);
        state.is_writing = !lines.is_empty();
    }

    /// Notes the end of a write; the number of lines dropped meanwhile.
    fn written(&self) -> u64 {
        let mut state = self.0.state.lock();
        state.is_writing = false;
        if state.waiting.is_empty() {
            self.0.is_empty.notify_all();
        }
        std::mem::take(&mut state.dropped)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.0.state.lock();
        if state.waiting.len() + line.len() > MAX_BYTES {
            state.dropped += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        drop(state);
        self.0.has_lines.notify_one();
    }

    /// Waits until everything is written; false where `limit` passes before.
    pub(crate) fn flush(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.0.state.lock();
        while state.is_writing || !state.waiting.is_empty() {
            if self.0.is_empty.wait_until(&mut state, deadline).timed_out() {
                return false;
            }
        }
        true
    }
}

/// `env_logger` writes each record in one call.
impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, PipeReader, pipe},
        sync::mpsc::{Receiver, channel},
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A queue into a pipe, its reader, and its reports of dropped lines.
    fn piped() -> (Queue, PipeReader, Receiver<u64>) {
        let queue = Queue::default();
        let (reader, writer) = pipe().unwrap();
        let (tell, reports) = channel();
        queue
            .start_writer(writer, move |dropped| {
                if dropped > 0 {
                    tell.send(dropped).unwrap();
                }
            })
            .unwrap();
        (queue, reader, reports)
    }

    #[test]
    fn lines_arrive_in_their_order_and_a_flush_waits_for_them() {
        let (queue, reader, _reports) = piped();
        for number in 0..100 {
            queue.push(format!("{number}\n").as_bytes());
        }
        assert!(queue.flush(PATIENCE));
        let lines = BufReader::new(reader).lines().take(100);
        let expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_sink_that_is_not_read_drops_lines_and_reports_them_later() {
        let (queue, reader, reports) = piped();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        let sent: u64 = 10_000;
        for _ in 0..sent {
            queue.push(&line);
        }
        assert!(!queue.flush(Duration::ZERO));
        let mut reader = BufReader::new(reader);
        let mut read = Vec::new();
        // Everything that was kept, of which the queue held no more than its bound.
        let reading = thread::spawn(move || {
            let mut lines = 0;
            while reader.read_until(b'\n', &mut read).unwrap() > 0 && read != b"end\n" {
                lines += 1;
                read.clear();
            }
            lines
        });
        let dropped: u64 = reports.recv_timeout(PATIENCE).unwrap();
        assert!(queue.flush(PATIENCE));
        queue.push(b"end\n");
        assert_eq!(reading.join().unwrap() + dropped, sent);
        assert!(dropped * 1024 >= sent * 1024 - 2 * MAX_BYTES as u64);
    }

    #[test]
    fn a_sink_that_is_gone_blocks_nothing() {
        let (queue, reader, _reports) = piped();
        drop(reader);
        queue.push(b"unheard\n");
        assert!(queue.flush(PATIENCE));
    }
}
