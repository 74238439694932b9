//! The server's log: the lines of level WARN and above in a part of it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

const LEVELS: [&str; 2] = ["WARN", "ERROR"];

pub(super) struct ServerLog(pub(super) PathBuf);

impl ServerLog {
    /// In bytes; zero before the first start.
    pub(super) fn length(&self) -> u64 {
        self.0.metadata().map_or(0, |file| file.len())
    }

    pub(super) fn since(&self, offset: u64) -> io::Result<String> {
        let mut file = File::open(&self.0)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The lines of level WARN and above, without their time.
pub(super) fn warnings(log: &str) -> Vec<String> {
    let text = |line: &str| {
        let (_time, rest) = line.split_once(' ')?;
        let level = rest.split_whitespace().next()?;
        LEVELS.contains(&level).then(|| rest.to_owned())
    };
    log.lines().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_told_from_lines_that_speak_of_them() {
        let log = "2026-12-01T06:00:00.000Z WARN  a: one\n\
                   2026-12-01T06:00:00.000Z INFO  a: WARN ERROR\n\
                   2026-12-01T06:00:00.000Z ERROR a: two\n\
                   WARN\n\n";
        assert_eq!(warnings(log), ["WARN  a: one", "ERROR a: two"]);
    }
}
