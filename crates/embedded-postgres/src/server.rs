//! The server as a child process, with a watcher that stops it after its owner's death.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use crate::deadline::{Deadline, PAUSE};
use crate::error::{IoContext, StartError};
use crate::folder::Home;
use crate::socket;
use crate::stale::{self, PidFile};

const WATCH: &str = include_str!("watch.sh");

/// Log rotation: a start renames a larger log to `postgres.log.1`, which overwrites the previous one.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// How long the server has to end after `SIGQUIT`, and again after `SIGKILL`.
const LAST_CHANCE: Duration = Duration::from_secs(5);

pub(crate) struct Launch<'a> {
    pub(crate) home: &'a Home,
    pub(crate) postgres: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) socket: &'a Path,
    /// The data need no `fsync`, and the watcher removes them.
    pub(crate) throwaway: bool,
}

/// A server process that this process owns. A drop stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The watcher waits for the end of this pipe; this process's death closes it.
    watch: Option<ChildStdin>,
    /// `SIGINT` (fast shutdown) for durable data, `SIGQUIT` (immediate shutdown) for throw-away data.
    signal: Signal,
}

impl Launch<'_> {
    pub(crate) fn start(&self, deadline: &mut Deadline<'_>) -> Result<Server, StartError> {
        loop {
            stale::clear(&self.home.cluster(), deadline)?;
            socket::clear(self.socket)?;
            let (mut log, begin) = self.open_log()?;
            let mut server = self.spawn(&log)?;
            if server.wait_until_ready(self.home, deadline)? {
                return Ok(server);
            }
            let said = read_from(&mut log, begin).context("read", &self.home.log())?;
            if !still_in_use(&said) {
                return Err(StartError::Ended {
                    log: self.home.log(),
                    last: last_words(&said),
                });
            }
            deadline.pause()?;
        }
    }

    fn spawn(&self, log: &File) -> Result<Server, StartError> {
        let signal = if self.throwaway {
            Signal::SIGQUIT
        } else {
            Signal::SIGINT
        };
        let duplicate = || log.try_clone().context("duplicate", &self.home.log());
        let mut child = self
            .home
            .account
            .command("/bin/sh")
            .args(["-c", WATCH, "abu-postgres"])
            .arg(signal.as_str().trim_start_matches("SIG"))
            .arg(if self.throwaway { self.home.path.as_os_str() } else { "".as_ref() })
            .arg(&self.postgres)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(duplicate()?)
            .stderr(duplicate()?)
            // Ctrl-C in the terminal must not reach the server, which stops last.
            .process_group(0)
            .spawn()
            .context("start", &self.postgres)?;
        let watch = child.stdin.take();
        Ok(Server {
            child,
            watch,
            signal,
        })
    }

    /// The log, opened for appending, and its length.
    fn open_log(&self) -> Result<(File, u64), StartError> {
        let path = self.home.log();
        if fs::symlink_metadata(&path).is_ok_and(|log| log.len() > LONGEST_LOG) {
            fs::rename(&path, path.with_extension("log.1")).context("put aside", &path)?;
        }
        let file = self
            .home
            .open("postgres.log", OpenOptions::new().read(true).append(true))?;
        let length = file.metadata().context("read", &path)?.len();
        Ok((file, length))
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(None) => true,
            // An error means that the child is reaped already.
            Ok(Some(_)) | Err(_) => {
                self.dismiss_watcher();
                false
            }
        }
    }

    /// Stops the server and waits for its end. Returns whether it ended within `timeout`; otherwise this kills it.
    pub(crate) fn stop(&mut self, timeout: Duration) -> bool {
        if self.end(self.signal, timeout) {
            return true;
        }
        if !self.end(Signal::SIGQUIT, LAST_CHANCE) {
            self.end(Signal::SIGKILL, LAST_CHANCE);
        }
        false
    }

    fn end(&mut self, signal: Signal, timeout: Duration) -> bool {
        let begun = Instant::now();
        if self.is_running() {
            // The child is not reaped yet, so no other process has its id.
            let _ = kill(stale::process_id(self.pid()), signal);
        }
        while self.is_running() {
            if begun.elapsed() >= timeout {
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    }

    /// Returns true once the server takes connections, false if it ended.
    fn wait_until_ready(
        &mut self,
        home: &Home,
        deadline: &mut Deadline<'_>,
    ) -> Result<bool, StartError> {
        let ready = Some(PidFile {
            pid: self.pid(),
            ready: true,
        });
        while self.is_running() {
            if stale::pid_file(&home.cluster()) == ready {
                return Ok(true);
            }
            deadline.pause()?;
        }
        Ok(false)
    }

    /// Ends the watcher before another process can get the server's id.
    fn dismiss_watcher(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            // The watcher may have ended.
            let _ = watch.write_all(b"\n");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(LAST_CHANCE);
    }
}

fn read_from(log: &mut File, begin: u64) -> std::io::Result<String> {
    const LONGEST: u64 = 64 * 1024;
    log.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    log.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Backends of a killed server outlive it for a moment and keep its shared memory attached.
fn still_in_use(said: &str) -> bool {
    said.contains("pre-existing shared memory block")
}

fn last_words(said: &str) -> String {
    let fatal = said
        .lines()
        .rev()
        .find(|line| line.contains("FATAL:") || line.contains("PANIC:"));
    fatal
        .or_else(|| said.lines().last())
        .unwrap_or("it said nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_the_last_fatal_line() {
        assert_eq!(last_words("LOG:  a\nFATAL:  b\nLOG:  c\n"), "FATAL:  b");
        assert_eq!(last_words("sh: not found\n"), "sh: not found");
        assert_eq!(last_words(""), "it said nothing");
    }
}
