//! `abu-admin erasures`: scheduled erasures, and the ledger that outlives a restored backup.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use abu_application::{
    identity::{
        erasure::{CarriedOut, Erasures, Progress},
        ports::UserHash,
    },
    store::Store,
};
use abu_domain::{UserId, platform::text::Reason};
use abu_repository::server_lock::{ServerLock, ServerLockError};
use abu_settings::Settings;
use clap::Subcommand;
use uuid::Uuid;

use super::{AdminError, database::OpenDatabase, operator::operator, user::minute};
use crate::database::require_migrated;

/// Entries of the ledger that are read at once.
const PAGE: u32 = 1_000;
/// How often the end of an erasure that the server carries out is looked for.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// The longest wait for the server before the operator gets the prompt back.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Subcommand)]
pub(super) enum ErasuresCommand {
    /// Show scheduled erasures and those under way, the earliest first.
    List,
    /// Erase an account now. There is no way back. A running server does it; without one, this
    /// command does.
    Run {
        /// The account's UUID.
        user: Uuid,
        /// Why, for the audit log.
        #[arg(long, default_value = "The operator ran it.", value_parser = parse_reason)]
        reason: Reason,
    },
    /// Print the ledger of erased accounts: a hash and a time a line, and no personal data. Keep it
    /// with each backup.
    Export,
    /// Erase again what a restored backup brought back: every account in a printed ledger. Run it
    /// before the server starts.
    Replay {
        /// What `erasures export` printed; - reads standard input.
        #[arg(value_name = "FILE")]
        ledger: PathBuf,
    },
}

pub(super) fn run(settings: &Settings, command: ErasuresCommand) -> Result<(), AdminError> {
    let office = Office::open(settings)?;
    match command {
        ErasuresCommand::List => office.list(),
        ErasuresCommand::Run { user, reason } => office.run(user.into(), &reason),
        ErasuresCommand::Export => office.export(),
        ErasuresCommand::Replay { ledger } => office.replay(&ledger),
    }
}

struct Office {
    erasures: Erasures,
    store: Arc<dyn Store>,
    /// Dropped last: it may stop the PostgreSQL that the use cases need.
    database: OpenDatabase,
}

impl Office {
    fn open(settings: &Settings) -> Result<Self, AdminError> {
        let database = OpenDatabase::of(settings)?;
        require_migrated(&database.url)?;
        let erasures = database.erasures(settings)?;
        let store = Arc::clone(erasures.context.database.store());
        Ok(Self {
            erasures,
            store,
            database,
        })
    }

    fn list(&self) -> Result<(), AdminError> {
        let records = self.erasures.list(&operator())?;
        let mut out = io::stdout().lock();
        if records.is_empty() {
            writeln!(out, "no erasure is scheduled")?;
        }
        for record in records {
            let state = match record.started_at {
                Some(_) => "under way, due since",
                None => "due on",
            };
            let by = match record.requested_by {
                Some(_) if record.is_owners() => "its owner",
                Some(_) => "the staff",
                None => "the operator",
            };
            let (user, runs_at) = (record.user_id, minute(record.runs_at));
            writeln!(out, "{user}  {state} {runs_at}, requested by {by}")?;
        }
        Ok(())
    }

    fn run(&self, user: UserId, reason: &Reason) -> Result<(), AdminError> {
        self.erasures.hurry(&operator(), user, reason)?;
        match self.lock()? {
            Some(_lock) => self.carry_out(user, CarriedOut::WithoutServer),
            None => self.wait_for_server(user),
        }
    }

    /// The server's lock, so that none starts meanwhile; `None` if a server has it.
    fn lock(&self) -> Result<Option<ServerLock>, AdminError> {
        let name = format!("abu-admin erasures {}", std::process::id());
        let mut lock = ServerLock::new(self.database.url.clone(), name);
        match lock.hold() {
            Ok(()) => Ok(Some(lock)),
            Err(ServerLockError::Held(_) | ServerLockError::Busy(_)) => Ok(None),
            Err(error) => Err(AdminError::ServerLock(error)),
        }
    }

    fn carry_out(&self, user: UserId, how: CarriedOut) -> Result<(), AdminError> {
        let mut out = io::stdout().lock();
        loop {
            match self.erasures.step(&*self.store, user, how)? {
                Progress::Done => {
                    writeln!(out, "{user}  erased")?;
                    return Ok(());
                }
                Progress::More => {}
                Progress::WaitsForMail => {
                    writeln!(
                        out,
                        "{user}  all but the address is erased; the server does the rest once it has \
                         sent the last mail, within a day"
                    )?;
                    return Ok(());
                }
                Progress::Waits(time) if time.num_seconds() <= PATIENCE.as_secs() as i64 => {
                    thread::sleep(time.to_std().unwrap_or_default());
                }
                Progress::Waits(_) => {
                    return Err(AdminError::Usage(format!("{user} is not erased yet")));
                }
            }
        }
    }

    fn wait_for_server(&self, user: UserId) -> Result<(), AdminError> {
        let mut out = io::stdout().lock();
        let looks = PATIENCE.as_secs() / BETWEEN_LOOKS.as_secs();
        for _ in 0..looks {
            if self.erasures.is_over(&*self.store, user)? {
                writeln!(out, "{user}  erased")?;
                return Ok(());
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        writeln!(
            out,
            "{user}  the running server erases it; see `abu-admin erasures list`"
        )?;
        Ok(())
    }

    fn export(&self) -> Result<(), AdminError> {
        let (operator, mut out) = (operator(), io::stdout().lock());
        let mut after = None;
        loop {
            let page = self.erasures.ledger(&operator, after, PAGE)?;
            for entry in &page {
                let hash = hex(&entry.user_hash);
                writeln!(out, "{hash} {}", entry.erased_at.to_rfc3339())?;
            }
            after = page.last().map(|entry| entry.user_hash);
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn replay(&self, ledger: &Path) -> Result<(), AdminError> {
        let hashes = read_ledger(ledger)?;
        let Some(_lock) = self.lock()? else {
            let stop = "stop the server first: it would show erased accounts meanwhile";
            return Err(AdminError::Usage(stop.to_owned()));
        };
        let mut count = 0;
        for part in hashes.chunks(PAGE as usize) {
            for user in self.erasures.returned(part)? {
                let reason = Reason::of_restored_backup();
                self.erasures.hurry(&operator(), user, &reason)?;
                self.carry_out(user, CarriedOut::AfterRestore)?;
                count += 1;
            }
        }
        writeln!(
            io::stdout(),
            "{count} of {} accounts were there again, and are erased",
            hashes.len()
        )?;
        Ok(())
    }
}

fn parse_reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).map_err(|rule| rule.to_string())
}

fn hex(hash: &UserHash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash of 64 digits at the beginning of each line. What follows is for people.
fn read_ledger(path: &Path) -> Result<Vec<UserHash>, AdminError> {
    let failed = |source| AdminError::Log {
        path: path.to_owned(),
        source,
    };
    let reader: Box<dyn BufRead> = match path.as_os_str() == "-" {
        true => Box::new(BufReader::new(io::stdin())),
        false => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
    };
    let mut hashes = Vec::new();
    for (index, line) in reader.lines().enumerate() {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        let hash = parse_hash(&line).ok_or_else(|| {
            let (path, number) = (path.display(), index + 1);
            AdminError::Usage(format!("{path}, line {number}: no entry of the ledger"))
        })?;
        hashes.push(hash);
    }
    Ok(hashes)
}

fn parse_hash(line: &str) -> Option<UserHash> {
    let digits = line.split_whitespace().next()?;
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut hash = UserHash::default();
    for (byte, place) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[place..place + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_entry_is_read_again_and_nothing_else_is() {
        let hash: UserHash = std::array::from_fn(|index| index as u8 * 8);
        let line = format!("{} 2026-12-01T10:00:00+00:00", hex(&hash));
        assert_eq!(parse_hash(&line), Some(hash));
        assert_eq!(parse_hash(&hex(&hash)), Some(hash));
        for broken in ["", "abc", &line[1..], &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(parse_hash(broken), None, "{broken}");
        }
    }
}
