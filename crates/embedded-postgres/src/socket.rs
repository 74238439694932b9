//! The Unix domain socket: its folder, its permissions, and the connection URI.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, fmt::Write};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::{IoContext, StartError};
use crate::folder::{Home, make_private};

/// Part of the socket's file name only: the server does not listen on TCP. The URI names it, so `PGPORT` has
/// no effect.
pub(crate) const PORT: u16 = 5432;

/// The database's superuser; `access` maps system accounts to it.
pub(crate) const ROLE: &str = "abu";

/// `sun_path` of a Linux socket address (108 bytes), less its final zero.
const LONGEST_PATH: usize = 107;

/// The socket's folder, in the database's folder. Where that path is too long, a private folder elsewhere, whose
/// name holds a hash of it.
pub(crate) fn folder(home: &Home) -> Result<PathBuf, StartError> {
    if fits_in(&home.path) {
        return private(home.path.join("socket"), &home.account);
    }
    let name = format!("abu-postgres-{}", short_hash(&home.path));
    let places: Vec<_> = places()
        .into_iter()
        .map(|place| place.join(&name))
        .filter(|path| fits(path))
        .collect();
    let (last, others) = places.split_last().ok_or_else(|| {
        StartError::folder(
            &home.path,
            "its path is too long for a socket, and so is that of every other place",
        )
    })?;
    for place in others {
        match private(place.clone(), &home.account) {
            Err(error) => log::warn!("no place for the database's socket: {error}"),
            made => return made,
        }
    }
    private(last.clone(), &home.account)
}

/// Whether the path of a socket in this folder is short enough.
pub(crate) fn fits_in(home: &Path) -> bool {
    fits(&home.join("socket"))
}

/// `libpq` would split the host at a comma.
fn fits(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_bytes();
    !bytes.contains(&b',') && file(folder).as_os_str().len() <= LONGEST_PATH
}

pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// Removes the stale socket and its lock file of a killed server. The caller holds the folder's lock, so no
/// server uses this socket.
pub(crate) fn clear(folder: &Path) -> Result<(), StartError> {
    let socket = file(folder);
    let lock = folder.join(format!(".s.PGSQL.{PORT}.lock"));
    for path in [socket, lock] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).context("remove", &path);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes a socket folder outside the database's folder. After a crash the folder stays, and the next start
/// reuses it.
pub(crate) fn release(folder: &Path, home: &Home) {
    if !folder.starts_with(&home.path)
        && let Err(error) = fs::remove_dir(folder)
    {
        log::warn!(
            "cannot remove the socket's folder {}: {error}",
            folder.display()
        );
    }
}

/// A connection URI for `libpq`. It holds no secret.
pub(crate) fn url(folder: &Path, database: &str) -> String {
    let host = percent_encode(folder.as_os_str().as_bytes());
    format!(
        "postgresql://{ROLE}@{host}:{PORT}/{}",
        percent_encode(database.as_bytes())
    )
}

/// In order of preference. Only root can write to `/run`, and only its owner to `XDG_RUNTIME_DIR`. In `/tmp`
/// another user can create the folder first (name squatting).
fn places() -> Vec<PathBuf> {
    let private = if geteuid().is_root() {
        Some(PathBuf::from("/run"))
    } else {
        own_runtime_dir()
    };
    private.into_iter().chain([PathBuf::from("/tmp")]).collect()
}

fn own_runtime_dir() -> Option<PathBuf> {
    let dir = PathBuf::from(env::var_os("XDG_RUNTIME_DIR")?);
    let ours =
        fs::metadata(&dir).is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
    (dir.is_absolute() && ours).then_some(dir)
}

/// Creates a folder that only the server's user and root can enter, or verifies an existing one.
fn private(path: PathBuf, account: &Account) -> Result<PathBuf, StartError> {
    match make_private(&path) {
        Ok(()) => account.own_folder(&path)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check_private(&path, account)?
        }
        Err(error) => return Err(error).context("create", &path),
    }
    Ok(path)
}

fn check_private(path: &Path, account: &Account) -> Result<(), StartError> {
    let found = fs::symlink_metadata(path).context("read", path)?;
    if !found.is_dir() {
        return Err(StartError::folder(path, "the socket's folder is no folder"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(StartError::folder(
            path,
            "others may enter the socket's folder; chmod it to 0700",
        ));
    }
    if found.uid() == account.uid() {
        return Ok(());
    }
    if found.uid() == geteuid().as_raw() {
        // An earlier start created it and died before it changed the owner.
        return account.own_folder(path);
    }
    let reason = format!(
        "the socket's folder belongs to user {}, not to {}",
        found.uid(),
        account.name()
    );
    Err(StartError::folder(path, reason))
}

fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn url_encodes_what_is_not_plain() {
        assert_eq!(
            url(Path::new("/a b/é/socket"), "alumni/test"),
            "postgresql://abu@%2Fa%20b%2F%C3%A9%2Fsocket:5432/alumni%2Ftest"
        );
    }

    #[test]
    fn socket_path_fits_up_to_107_bytes_and_without_a_comma() {
        let room = LONGEST_PATH - "/.s.PGSQL.5432".len();
        assert!(fits(Path::new(&format!("/{}", "x".repeat(room - 1)))));
        assert!(!fits(Path::new(&format!("/{}", "x".repeat(room)))));
        assert!(!fits(Path::new("/a,b")));
    }

    #[test]
    fn folder_that_others_may_enter_or_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let account = Account::for_new().unwrap();
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
        let link = dir.path().join("link");
        symlink("/tmp", &link).unwrap();

        assert!(
            private(open, &account)
                .unwrap_err()
                .to_string()
                .contains("0700")
        );
        assert!(
            private(link, &account)
                .unwrap_err()
                .to_string()
                .contains("no folder")
        );
    }

    #[test]
    fn own_private_folder_is_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let account = Account::for_new().unwrap();
        let path = dir.path().join("socket");
        assert_eq!(private(path.clone(), &account).unwrap(), path);
        assert_eq!(private(path.clone(), &account).unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().uid(), account.uid());
    }
}
