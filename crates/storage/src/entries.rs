//! The files below a folder, one after the other.

use std::{
    fs::{self, DirEntry, ReadDir},
    io,
    path::Path,
    time::SystemTime,
};

use abu_application::platform::ports::{FileEntry, FileError};
use abu_domain::platform::file_key::FileKey;

/// An open folder, and the key of what is in it up to the name.
struct Open {
    prefix: String,
    entries: ReadDir,
}

/// Holds one open folder for each part of a key. What has no key is left out, such as links and files that are not
/// finished.
pub(crate) struct Entries {
    now: SystemTime,
    open: Vec<Open>,
}

enum Found {
    File(FileEntry),
    Folder(Open),
    Nothing,
}

impl Entries {
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let open = match fs::read_dir(root) {
            Ok(entries) => vec![Open {
                prefix: String::new(),
                entries,
            }],
            // It is made when it is first needed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            now: SystemTime::now(),
            open,
        })
    }

    fn look_at(&self, prefix: &str, entry: &DirEntry) -> io::Result<Found> {
        let name = entry.file_name();
        let Some(key) = name
            .to_str()
            .and_then(|name| FileKey::parse(&format!("{prefix}{name}")).ok())
        else {
            return Ok(Found::Nothing);
        };
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            return Ok(Found::Folder(Open {
                prefix: format!("{key}/"),
                entries: fs::read_dir(entry.path())?,
            }));
        }
        if !metadata.is_file() {
            return Ok(Found::Nothing);
        }
        let age = self.now.duration_since(metadata.modified()?);
        Ok(Found::File(FileEntry {
            key,
            bytes: metadata.len(),
            // A file of the future is a young one.
            age: age.unwrap_or_default(),
        }))
    }
}

impl Iterator for Entries {
    type Item = Result<FileEntry, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let folder = self.open.last_mut()?;
            let Some(entry) = folder.entries.next() else {
                self.open.pop();
                continue;
            };
            let prefix = folder.prefix.clone();
            match entry.and_then(|entry| self.look_at(&prefix, &entry)) {
                Ok(Found::File(file)) => return Some(Ok(file)),
                Ok(Found::Folder(folder)) => self.open.push(folder),
                Ok(Found::Nothing) => {}
                // It was deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}
