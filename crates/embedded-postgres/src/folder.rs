//! The folder of one database: its layout, its lock, and the account that owns it.
//!
//! | name           | what it is                                                              |
//! |----------------|-------------------------------------------------------------------------|
//! | `cluster`      | PostgreSQL's data                                                       |
//! | `socket`       | the socket, unless its path is too long there                           |
//! | `postgres.log` | the server's log                                                        |
//! | `hba.conf`     | access rules, with `ident.conf`; each start overwrites both             |
//! | `owner.lock`   | lock of the process that runs the server, with its process id           |
//!
//! The server's user owns the folder and may plant symbolic links in it. A process that is root therefore opens
//! files with `O_NOFOLLOW` and changes owners with `fchown` and `lchown`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::{env, path};

use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::{geteuid, mkdtemp};

use crate::account::Account;
use crate::error::{IoContext, StartError};

const LOCK: &str = "owner.lock";

/// The folder of one database, at its real place.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) path: PathBuf,
    pub(crate) account: Account,
}

/// Advisory lock (`flock`) of the process that runs the server; released on drop or when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

impl Home {
    /// Finds or creates the folder of a durable database. A new folder that the server's user could not enter
    /// goes to `shelter`, and `requested` becomes a symbolic link to it.
    pub(crate) fn durable(requested: &Path, shelter: &Path) -> Result<Self, StartError> {
        let requested = absolute(requested)?;
        let Some(path) = existing(&requested)? else {
            return Self::create(&requested, shelter);
        };
        let owner = fs::metadata(&path).context("read", &path)?.uid();
        let empty = is_empty(&path)?;
        if empty && owner == 0 && geteuid().is_root() {
            return Self::take_over(&requested, path, shelter);
        }
        if !empty && !has_lock(&path) {
            return Err(StartError::folder(
                &path,
                "it holds files that are not of such a database",
            ));
        }
        let account = Account::for_owner(&path, owner)?;
        Self { path, account }.entered()
    }

    /// Creates a folder in the system's temporary folder. Falls back to `/tmp` where the server's user cannot
    /// enter the former, or a socket does not fit into it.
    pub(crate) fn throwaway(socket_fits: impl Fn(&Path) -> bool) -> Result<Self, StartError> {
        let account = Account::for_new()?;
        let preferred = env::temp_dir();
        let suitable =
            socket_fits(&preferred.join("abu-postgres-XXXXXX")) && account.can_enter(&preferred)?;
        let base = if suitable {
            preferred
        } else {
            PathBuf::from("/tmp")
        };
        let path = make_unique(&real(&base)?, "abu-postgres")?;
        account.own_folder(&path)?;
        Ok(Self { path, account })
    }

    fn create(requested: &Path, shelter: &Path) -> Result<Self, StartError> {
        let account = Account::for_new()?;
        let parent = requested.parent().unwrap_or(requested);
        fs::create_dir_all(parent).context("create", parent)?;
        if !account.can_enter(parent)? {
            return Self::create_in_shelter(requested, account, shelter);
        }
        match make_private(requested) {
            Ok(()) => account.own_folder(requested)?,
            Err(error) => return Self::beaten_to_it(error, requested, shelter),
        }
        Ok(Self {
            path: real(requested)?,
            account,
        })
    }

    /// Resolves a race of two first starts: the folder of the first process wins.
    fn beaten_to_it(
        error: io::Error,
        requested: &Path,
        shelter: &Path,
    ) -> Result<Self, StartError> {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Self::durable(requested, shelter);
        }
        Err(error).context("create", requested)
    }

    /// An empty folder that belongs to root: the server's user becomes its owner where that user can enter it.
    /// A symbolic link is a choice of the operator, so its target never moves.
    fn take_over(requested: &Path, path: PathBuf, shelter: &Path) -> Result<Self, StartError> {
        let account = Account::for_new()?;
        let parent = path.parent().unwrap_or(&path);
        if account.can_enter(parent)? {
            account.own_folder(&path)?;
            return Ok(Self { path, account });
        }
        if requested.is_symlink() {
            return Self { path, account }.entered();
        }
        fs::remove_dir(&path).context("replace with a link", &path)?;
        Self::create_in_shelter(requested, account, shelter)
    }

    /// The name has a random part, so only the link leads to the folder. Removing the link starts with an empty
    /// database, and a new clone at an old path does not find the old data.
    fn create_in_shelter(
        requested: &Path,
        account: Account,
        shelter: &Path,
    ) -> Result<Self, StartError> {
        fs::create_dir_all(shelter).context("create", shelter)?;
        let path = make_unique(&real(shelter)?, &readable_name(requested))?;
        account.own_folder(&path)?;
        let home = Self { path, account }.entered()?;
        if let Err(error) = symlink(&home.path, requested) {
            fs::remove_dir(&home.path).context("remove", &home.path)?;
            return Self::beaten_to_it(error, requested, shelter);
        }
        log::info!(
            link:% = requested.display(),
            data_dir:% = home.path.display(),
            user = home.account.name();
            "the database's user cannot enter the folder asked for; a link leads to one it can"
        );
        Ok(home)
    }

    fn entered(self) -> Result<Self, StartError> {
        if self.account.can_enter(&self.path)? {
            return Ok(self);
        }
        let reason = format!(
            "user {} cannot enter it; allow that on each folder above it",
            self.account.name()
        );
        Err(StartError::folder(&self.path, reason))
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// Claims the folder for this process; the error names the process that holds it.
    pub(crate) fn lock(&self) -> Result<Lock, StartError> {
        let path = self.path.join(LOCK);
        let file = self.open(LOCK, OpenOptions::new().read(true).write(true))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                file.set_len(0)
                    .and_then(|()| writeln!(file, "{}", std::process::id()))
                    .context("write", &path)?;
                Ok(Lock { _file: file })
            }
            Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => Err(StartError::InUse {
                data_dir: self.path.clone(),
                pid: owner_in(&mut file),
            }),
            Err((_, error)) => Err(error).context("lock", &path),
        }
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf, StartError> {
        let path = self.path.join(name);
        let mut file = self.open(name, OpenOptions::new().write(true).truncate(true))?;
        file.write_all(content.as_bytes()).context("write", &path)?;
        Ok(path)
    }

    /// Opens or creates a file for the server's user, never through a symbolic link.
    pub(crate) fn open(&self, name: &str, options: &mut OpenOptions) -> Result<File, StartError> {
        let path = self.path.join(name);
        let file = options
            .create(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&path)
            .context("open", &path)?;
        self.account
            .own_file(&file)
            .context("change the owner of", &path)?;
        Ok(file)
    }

    pub(crate) fn make_unique(&self, prefix: &str) -> Result<PathBuf, StartError> {
        let path = make_unique(&self.path, prefix)?;
        self.account.own_folder(&path)?;
        Ok(path)
    }
}

/// Creates a folder that only its owner can enter.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

fn make_unique(base: &Path, prefix: &str) -> Result<PathBuf, StartError> {
    let template = base.join(format!("{prefix}-XXXXXX"));
    mkdtemp(&template).context("create", &template)
}

/// Refuses a line break: PostgreSQL stores its paths in files of one line each.
fn absolute(requested: &Path) -> Result<PathBuf, StartError> {
    if requested.as_os_str().as_encoded_bytes().contains(&b'\n') {
        return Err(StartError::folder(requested, "its name has a line break"));
    }
    path::absolute(requested).context("resolve", requested)
}

/// The canonical path of an existing folder; `None` where there is nothing at `requested`.
fn existing(requested: &Path) -> Result<Option<PathBuf>, StartError> {
    match fs::symlink_metadata(requested) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.context("read", requested)?,
    };
    match fs::metadata(requested) {
        Ok(found) if found.is_dir() => Ok(Some(real(requested)?)),
        Ok(_) => Err(StartError::folder(requested, "it is not a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::folder(
            requested,
            "it is a link and what it points to is gone; restore that, or remove the link to start empty",
        )),
        Err(error) => Err(error).context("read", requested),
    }
}

fn real(path: &Path) -> Result<PathBuf, StartError> {
    fs::canonicalize(path).context("resolve", path)
}

fn is_empty(path: &Path) -> Result<bool, StartError> {
    Ok(fs::read_dir(path).context("read", path)?.next().is_none())
}

fn has_lock(path: &Path) -> bool {
    path.join(LOCK).is_file()
}

fn owner_in(file: &mut File) -> Option<u32> {
    let mut content = String::new();
    file.take(16).read_to_string(&mut content).ok()?;
    content.trim_end().parse().ok()
}

/// The end of a path as one short name, so that an operator recognizes it.
fn readable_name(path: &Path) -> String {
    const LONGEST: usize = 24;
    let text = path.to_string_lossy();
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    let start = name.len().saturating_sub(LONGEST);
    name[start..].trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_name_is_short_and_plain() {
        assert_eq!(
            readable_name(Path::new("/root/clone/.data/postgres")),
            "root-clone-data-postgres"
        );
        assert_eq!(
            readable_name(Path::new("/root/a very long/é/.data/postgres")),
            "very-long-data-postgres"
        );
        assert_eq!(readable_name(Path::new("/")), "");
    }
}
