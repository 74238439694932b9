//! One run of the server: a child process, and the watcher that ends it when we die.

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

/// The shell program that turns into the server; it explains itself.
const WATCH: &str = include_str!("watch.sh");

/// A log of this size is put aside at the next start, in place of the one put aside before.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// How long a server gets that is ended at once.
const LAST_CHANCE: Duration = Duration::from_secs(5);

pub(crate) struct Launch<'a> {
    pub(crate) home: &'a Home,
    pub(crate) postgres: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) socket: &'a Path,
    /// The data go when the server ends, and need no care before.
    pub(crate) throwaway: bool,
}

/// A server process that is ours. It is stopped when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The watcher waits for this pipe to end, as it does when we die.
    watch: Option<ChildStdin>,
    /// Stops the server as fast as its data allow.
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
            // Ctrl-C in the terminal is for us; we stop the database last.
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

    /// Opens the log to append to, with the length it has.
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

    /// Whether the process is there. One system call.
    pub(crate) fn is_running(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(None) => true,
            // An error says that it is not our child any more: it has been reaped.
            Ok(Some(_)) | Err(_) => {
                self.dismiss_watcher();
                false
            }
        }
    }

    /// Stops the server and waits. Returns whether it ended in time; in the end it has ended anyhow.
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
            // Our own child that is not reaped yet: its id cannot be another process's.
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

    /// True once the server takes connections, false if it ended.
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

    /// Tells the watcher that its server's id may soon be another process's.
    fn dismiss_watcher(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            // It may be gone itself.
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

/// Processes of a server that was killed outlive it for a moment, and hold on to its shared memory.
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
