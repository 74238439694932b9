//! Privilege drop: the operating system's user that runs PostgreSQL.

use std::ffi::OsStr;
use std::os::unix::fs::{fchown, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

use nix::unistd::{Uid, User, geteuid};

use crate::error::{IoContext, StartError};

/// PostgreSQL refuses to run as root, so root runs the server as the first of these accounts that exists.
const SERVER_ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The environment variables that child processes inherit. Others may hold secrets, and `PG*` variables
/// would configure the server and its clients.
const INHERITED_VARIABLES: [&str; 3] = ["PATH", "TZ", "LD_LIBRARY_PATH"];

/// An ordinary user's account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    user: User,
    /// This process is root and drops to this user; otherwise it is this user.
    handed_over: bool,
}

impl Account {
    /// The account for a new database.
    pub(crate) fn for_new() -> Result<Self, StartError> {
        if !geteuid().is_root() {
            return Self::of(geteuid(), false);
        }
        SERVER_ACCOUNTS
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self {
                user,
                handed_over: true,
            })
            .ok_or_else(|| StartError::Account {
                reason: format!("create one of the accounts {}", SERVER_ACCOUNTS.join(", ")),
            })
    }

    /// The account for a database that exists: the owner of its folder.
    pub(crate) fn for_owner(home: &Path, owner: u32) -> Result<Self, StartError> {
        let owner = Uid::from_raw(owner);
        if owner.is_root() {
            let reason = "it belongs to root, and PostgreSQL does not run as root; chown -R it to an ordinary user";
            return Err(StartError::folder(home, reason));
        }
        if !geteuid().is_root() && owner != geteuid() {
            let reason = format!("it belongs to user {owner} and we are user {}", geteuid());
            return Err(StartError::folder(home, reason));
        }
        Self::of(owner, geteuid().is_root())
    }

    fn of(uid: Uid, handed_over: bool) -> Result<Self, StartError> {
        User::from_uid(uid)
            .ok()
            .flatten()
            .map(|user| Self { user, handed_over })
            .ok_or_else(|| StartError::Account {
                reason: format!("user id {uid} has no account"),
            })
    }

    pub(crate) fn name(&self) -> &str {
        &self.user.name
    }

    pub(crate) fn uid(&self) -> u32 {
        self.user.uid.as_raw()
    }

    /// Changes the owner of an open file that this process created.
    pub(crate) fn own_file(&self, file: &fs::File) -> io::Result<()> {
        if self.handed_over {
            fchown(file, Some(self.uid()), Some(self.user.gid.as_raw()))?;
        }
        Ok(())
    }

    /// Changes the owner of a folder that this process created; never follows a symbolic link.
    pub(crate) fn own_folder(&self, path: &Path) -> Result<(), StartError> {
        if self.handed_over {
            lchown(path, Some(self.uid()), Some(self.user.gid.as_raw()))
                .context("change the owner of", path)?;
        }
        Ok(())
    }

    /// A command that runs as this user. `Command::uid` also drops root's supplementary groups.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = quiet_command(program);
        if self.handed_over {
            command.uid(self.uid()).gid(self.user.gid.as_raw());
        }
        command
    }

    /// Changes into the folder as this user, because mode bits alone do not decide: access lists and mount
    /// options count too.
    pub(crate) fn can_enter(&self, folder: &Path) -> Result<bool, StartError> {
        let shell = Path::new("/bin/sh");
        self.command(shell)
            .args(["-c", "cd -- \"$1\"", "sh"])
            .arg(folder)
            .stderr(Stdio::null())
            .status()
            .map(|status| status.success())
            .context("run", shell)
    }
}

/// A command as the current user, without its environment, working directory or standard input.
pub(crate) fn quiet_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null());
    for name in INHERITED_VARIABLES {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
