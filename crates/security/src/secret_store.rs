//! Generated secrets on disk where the settings give none: one file each, mode 0600.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use abu_application::platform::ports::Ids;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nix::fcntl::OFlag;
use secrecy::{ExposeSecret, SecretString};

const MAX_BYTES: u64 = 4_096;
/// Every secret written here is longer; a shorter file is damaged.
const MIN_BYTES: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredSecret {
    /// The key that signs access tokens.
    JwtSecret,
    /// The key that encrypts secrets in the database.
    EncryptionKey,
    /// The initial password of the first administrator.
    SuperuserPassword,
}

/// The folder `secrets` within the data folder.
#[derive(Clone, Debug)]
pub struct SecretStore {
    data_dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot keep secrets in {}: {source}", path.display())]
pub struct SecretStoreError {
    path: PathBuf,
    source: io::Error,
}

impl StoredSecret {
    const fn file_name(self) -> &'static str {
        match self {
            Self::JwtSecret => "jwt_secret",
            Self::EncryptionKey => "encryption_key",
            Self::SuperuserPassword => "superuser_password",
        }
    }
}

impl SecretStore {
    /// Creates nothing on disk.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
        }
    }

    /// The file's path, whether or not the file exists.
    pub fn path(&self, secret: StoredSecret) -> PathBuf {
        self.folder().join(secret.file_name())
    }

    /// Fails where the file cannot be read, or users other than its owner may access it.
    pub fn get(&self, secret: StoredSecret) -> Result<Option<SecretString>, SecretStoreError> {
        let path = self.path(secret);
        match read_private(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SecretStoreError { path, source }),
        }
    }

    /// Generates the secret on first use: 32 random bytes in base64. Of several concurrent
    /// processes one wins, and all return its secret.
    pub fn get_or_make(
        &self,
        secret: StoredSecret,
        ids: &dyn Ids,
    ) -> Result<SecretString, SecretStoreError> {
        if let Some(kept) = self.get(secret)? {
            return Ok(kept);
        }
        let path = self.path(secret);
        let made = SecretString::from(URL_SAFE_NO_PAD.encode(ids.secret()));
        let unique = path.with_extension(ids.random().simple().to_string());
        self.make_folder()
            .and_then(|()| write_once(&path, &unique, &made))
            .and_then(|()| read_private(&path))
            .map_err(|source| SecretStoreError { path, source })
    }

    pub fn remove(&self, secret: StoredSecret) -> Result<(), SecretStoreError> {
        let path = self.path(secret);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SecretStoreError { path, source })
            }
            _ => Ok(()),
        }
    }

    fn folder(&self) -> PathBuf {
        self.data_dir.join("secrets")
    }

    fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.data_dir)?;
        let folder = self.folder();
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => require_private(&fs::symlink_metadata(&folder)?, "0700"),
        }
    }
}

/// Creates the file atomically by a hard link. If another process was first, its file stays.
fn write_once(path: &Path, unique: &Path, content: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unique)?;
    let placed = writeln!(file, "{}", content.expose_secret())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(unique, path));
    fs::remove_file(unique)?;
    match placed {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn read_private(path: &Path) -> io::Result<SecretString> {
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    require_private(&file.metadata()?, "0600")?;
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    if text.starts_with('\u{feff}') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it begins with a byte-order mark; save it as UTF-8 without one",
        ));
    }
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.len() < MIN_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is too short; remove it, and another one is made",
        ));
    }
    Ok(SecretString::from(secret))
}

fn require_private(found: &fs::Metadata, mode: &str) -> io::Result<()> {
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("others may enter or read it; chmod it to {mode}"),
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use abu_application::platform::system::SystemIds;
    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_secret_is_generated_once_and_readable_by_its_owner_alone() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path().join("new"));
        assert!(secrets.get(StoredSecret::JwtSecret).unwrap().is_none());
        let make = |secret| secrets.get_or_make(secret, &SystemIds).unwrap();
        let made = make(StoredSecret::JwtSecret);
        assert_eq!(made.expose_secret().len(), 43);
        let again = make(StoredSecret::JwtSecret);
        assert_eq!(made.expose_secret(), again.expose_secret());
        let other = make(StoredSecret::SuperuserPassword);
        assert_ne!(made.expose_secret(), other.expose_secret());
        assert_eq!(mode(&secrets.path(StoredSecret::JwtSecret)), 0o600);
        assert_eq!(mode(&secrets.folder()), 0o700);
        assert_eq!(fs::read_dir(secrets.folder()).unwrap().count(), 2);
    }

    #[test]
    fn concurrent_callers_agree_on_one_secret() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path());
        let made: Vec<_> = std::thread::scope(|scope| {
            let make = || secrets.get_or_make(StoredSecret::JwtSecret, &SystemIds);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().unwrap())
                .collect()
        });
        let first = made[0].expose_secret();
        assert!(made.iter().all(|secret| secret.expose_secret() == first));
    }

    #[test]
    fn a_secret_that_others_may_read_is_not_used() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path());
        secrets
            .get_or_make(StoredSecret::JwtSecret, &SystemIds)
            .unwrap();
        let path = secrets.path(StoredSecret::JwtSecret);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = secrets
            .get(StoredSecret::JwtSecret)
            .unwrap_err()
            .to_string();
        assert!(error.contains("chmod it to 0600"), "{error}");
    }

    #[test]
    fn a_secret_that_was_cut_short_is_not_used() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path());
        let make = || secrets.get_or_make(StoredSecret::JwtSecret, &SystemIds);
        make().unwrap();
        fs::write(secrets.path(StoredSecret::JwtSecret), "").unwrap();
        assert!(make().is_err());
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_secret() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path());
        let make = || secrets.get_or_make(StoredSecret::JwtSecret, &SystemIds);
        let made = make().unwrap();
        let marked = format!("\u{feff}{}", made.expose_secret());
        fs::write(secrets.path(StoredSecret::JwtSecret), marked).unwrap();
        let error = make().unwrap_err().to_string();
        assert!(error.contains("byte-order mark"), "{error}");
    }

    #[test]
    fn a_removed_secret_is_generated_anew() {
        let data = TempDir::new().unwrap();
        let secrets = SecretStore::new(data.path());
        let make = || secrets.get_or_make(StoredSecret::JwtSecret, &SystemIds);
        let first = make().unwrap();
        secrets.remove(StoredSecret::JwtSecret).unwrap();
        secrets.remove(StoredSecret::JwtSecret).unwrap();
        assert_ne!(first.expose_secret(), make().unwrap().expose_secret());
    }
}
