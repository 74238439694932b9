//! CPU time and resident memory of processes, from /proc.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The unit of time in /proc, in seconds: the same on every Linux that Rust's standard library runs on.
pub(crate) const TICK: f64 = 0.01;

/// The resource usage of a group of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// In seconds, in user and kernel mode.
    pub(crate) cpu: f64,
    /// Now, in bytes.
    pub(crate) memory: u64,
    /// The most up to now, in bytes.
    pub(crate) peak_memory: u64,
}

pub(crate) fn of_process(pid: u32) -> io::Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let [user, kernel, ..] = times(&stat).ok_or(io::ErrorKind::InvalidData)?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(Usage {
        cpu: (user + kernel) * TICK,
        memory: memory(&status, "VmRSS:")?,
        peak_memory: memory(&status, "VmHWM:")?,
    })
}

/// Sums a process, its children, and its ended children. Omits memory, because shared pages would count for each.
pub(crate) fn of_family(pid: u32) -> io::Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let own: f64 = times(&stat).ok_or(io::ErrorKind::InvalidData)?.iter().sum();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let living = children.split_whitespace().filter_map(|child| {
        // A child that ends meanwhile counts in its parent's time at the next call.
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
        times(&stat).map(|times| times.iter().sum::<f64>())
    });
    Ok(Usage {
        cpu: (own + living.sum::<f64>()) * TICK,
        ..Usage::default()
    })
}

/// Ticks in user and kernel mode, and those of children that have ended. The program's name, in
/// parentheses, may hold anything.
fn times(stat: &str) -> Option<[f64; 4]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse().ok();
    Some([next()?, next()?, next()?, next()?])
}

fn memory(status: &str, name: &str) -> io::Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    Ok(kilobytes.ok_or(io::ErrorKind::InvalidData)? * 1_024)
}

/// The process id of the PostgreSQL with its data below `folder`.
pub(crate) fn postmaster(folder: &Path) -> Option<u32> {
    let note = find(folder, "postmaster.pid", 4)?;
    fs::read_to_string(note)
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}

fn find(folder: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let here = folder.join(name);
    if here.exists() || depth == 0 {
        return here.exists().then_some(here);
    }
    let entries = fs::read_dir(folder).ok()?;
    let folders = entries.filter_map(Result::ok).map(|entry| entry.path());
    folders
        .filter(|path| path.is_dir())
        .find_map(|path| find(&path, name, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_past_a_name_with_parentheses() {
        let stat = "1 (a) b) S 0 1 1 0 -1 4194304 9 9 9 9 100 20 3 4 20 0 1 0 5";
        assert_eq!(times(stat), Some([100.0, 20.0, 3.0, 4.0]));
    }

    #[test]
    fn this_process_uses_something() {
        let usage = of_process(std::process::id()).unwrap();
        assert!(usage.memory > 100_000);
        assert!(of_family(std::process::id()).unwrap().cpu >= usage.cpu);
    }
}
