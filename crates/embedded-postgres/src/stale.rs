//! Cleanup after an earlier run: a server without an owner, or a stale `postmaster.pid`.
//!
//! The caller holds the folder's lock, so no other process of this crate owns the server.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deadline::Deadline;
use crate::error::{IoContext, StartError};

/// The server's `postmaster.pid` in its data folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    pub(crate) ready: bool,
}

/// `None` without a file, or with one whose first line is not fully written.
pub(crate) fn pid_file(cluster: &Path) -> Option<PidFile> {
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(pid_file_path(cluster))
        .ok()?;
    let mut content = Vec::new();
    file.take(16 * 1024).read_to_end(&mut content).ok()?;
    parse(&content)
}

/// The first line is the process id, the eighth the state. Paths in between may be any bytes.
fn parse(content: &[u8]) -> Option<PidFile> {
    let mut lines = content.split(|&byte| byte == b'\n');
    let pid = std::str::from_utf8(lines.next()?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let ready = lines
        .nth(6)
        .is_some_and(|state| state.trim_ascii() == b"ready");
    Some(PidFile { pid, ready })
}

fn pid_file_path(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

/// Stops a server that has lost its owner, and removes a stale `postmaster.pid`. PostgreSQL would take any
/// process that has the recorded id for a running server, and refuse to start.
pub(crate) fn clear(cluster: &Path, deadline: &mut Deadline<'_>) -> Result<(), StartError> {
    if let Some(PidFile { pid, .. }) = pid_file(cluster)
        && serves(pid, cluster)
    {
        log::warn!(pid; "stopping a PostgreSQL that an earlier run has left");
        stop(pid, cluster, deadline)?;
    }
    let path = pid_file_path(cluster);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context("remove", &path)
        }
        _ => Ok(()),
    }
}

/// A second `SIGINT` is harmless to a server that shuts down already.
fn stop(pid: u32, cluster: &Path, deadline: &mut Deadline<'_>) -> Result<(), StartError> {
    // A failure means that the server has ended, which the loop checks.
    let _ = kill(process_id(pid), Signal::SIGINT);
    while serves(pid, cluster) {
        deadline.pause()?;
    }
    Ok(())
}

/// A server's working directory is its data folder. Without `/proc` the answer is no. A start is still safe
/// then, because PostgreSQL checks the cluster's shared memory.
fn serves(pid: u32, cluster: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster)
}

/// The system's process ids are positive numbers of 31 bits.
pub(crate) fn process_id(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_file_names_process_and_state() {
        let content = b"4711\n/data\n1700000000\n5432\n/socket\n\n  123  456\nready   \n";
        assert_eq!(
            parse(content),
            Some(PidFile {
                pid: 4711,
                ready: true
            })
        );
        let starting = b"4711\n/data\n1700000000\n5432\n/socket\n\n  123  456\nstarting\n";
        assert_eq!(
            parse(starting),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
    }

    #[test]
    fn unfinished_pid_file_is_not_ready_and_garbage_is_none() {
        assert_eq!(
            parse(b"4711\n/da"),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"\xff\xfe\nready"), None);
        assert_eq!(parse(b"-5\n"), None);
    }

    #[test]
    fn reused_process_id_does_not_serve_the_cluster() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!serves(std::process::id(), dir.path()));
    }
}
