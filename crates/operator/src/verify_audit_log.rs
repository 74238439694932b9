use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use abu_application::platform::audit::{Mark, sealed_heads, verify};
use abu_security::HmacHeadSealer;
use abu_settings::Settings;

use super::{AdminError, database::OpenDatabase, secrets::encryption_key};
use abu_programs::database::require_migrated;

/// What the server writes to its log before each head.
const BEFORE_HEAD: &str = "audit log head ";

pub(super) fn run(
    settings: &Settings,
    from: Option<Mark>,
    mut known: Vec<Mark>,
    logs: &[PathBuf],
) -> Result<(), AdminError> {
    let first = from.map_or(0, |from| from.seq);
    if known.iter().any(|mark| mark.seq < first) {
        let rule = "what lies before --from is not looked at; give no --known of an earlier place";
        return Err(AdminError::Usage(rule.to_owned()));
    }
    let mut noted = Vec::new();
    for path in logs {
        noted.extend(heads_in(path)?);
    }
    noted.retain(|mark| mark.seq >= first);
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let store = database.store();
    // Before `verify` reads the head: a later witness would lie beyond it.
    let witnesses = store.read(|tx| tx.audit_witnesses(first))?;
    if !witnesses.is_empty() {
        let sealer = HmacHeadSealer::new(&encryption_key(settings)?)
            .accepting(settings.auth.previous_encryption_key.as_ref());
        noted.extend(sealed_heads(&witnesses, &sealer)?);
    }
    known.extend_from_slice(&noted);
    let verified = verify(&*store, from, &known)?;
    let mut out = io::stdout().lock();
    match noted.len() {
        0 => writeln!(out, "{} entries, whole", verified.entries)?,
        noted => writeln!(
            out,
            "{} entries, whole; {noted} noted heads agree",
            verified.entries
        )?,
    }
    writeln!(out, "head {}", verified.head)?;
    Ok(())
}

/// The heads in a log of the server; `-` is standard input.
fn heads_in(path: &Path) -> Result<Vec<Mark>, AdminError> {
    let heads = match path.to_str() {
        Some("-") => heads_of(io::stdin().lock()),
        _ => File::open(path).and_then(|file| heads_of(BufReader::new(file))),
    };
    let heads = heads.map_err(|source| AdminError::Log {
        path: path.to_owned(),
        source,
    })?;
    if heads.is_empty() {
        return Err(AdminError::NoHeads(path.to_owned()));
    }
    Ok(heads)
}

fn heads_of(log: impl BufRead) -> io::Result<Vec<Mark>> {
    let mut heads = Vec::new();
    for line in log.split(b'\n') {
        heads.extend(head_in(&String::from_utf8_lossy(&line?)));
    }
    Ok(heads)
}

/// Log collectors wrap lines, in JSON for example, so anything may follow.
fn head_in(line: &str) -> Option<Mark> {
    let (_, rest) = line.split_once(BEFORE_HEAD)?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != ':');
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_in_plain_and_in_wrapped_lines() {
        let head = format!("12:{}", "ab".repeat(32));
        let log = format!(
            "2026-01-05T08:30:00.000Z INFO  abu_app::access: GET / 200 ms=1\n\
             2026-01-05T08:30:00.000Z INFO  abu_app::audit: audit log head {head}\n\
             {{\"log\":\"abu_app::audit: audit log head {head}\\n\",\"stream\":\"stderr\"}}\n\
             abu_app::audit: audit log head 12:abab\n\
             \u{fffd} {head}"
        );
        let mark: Mark = head.parse().unwrap();
        assert_eq!(heads_of(log.as_bytes()).unwrap(), [mark, mark]);
    }
}
