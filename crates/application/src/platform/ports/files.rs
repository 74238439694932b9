use std::{
    fmt,
    io::{self, Read, Write},
    time::Duration,
};

use abu_domain::platform::file_key::FileKey;

/// A failure of the store of files.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("there is no such file")]
    NotFound,
    /// No space is left, or the quota is used up.
    #[error("the store of files is full")]
    Full(#[source] io::Error),
    #[error("the store of files failed")]
    Io(#[source] io::Error),
}

impl FileError {
    /// Whether the same work may succeed later: a full disk is emptied, a mount comes back.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::NotFound)
    }
}

/// Errors of readers and writers come as [`io::Error`]s.
impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error),
            _ => Self::Io(error),
        }
    }
}

/// A file under construction. Nothing is visible under its key before [`finish`](Self::finish);
/// dropping it discards what was written.
pub trait FileWriter: Write + Send {
    /// Makes the whole file durable and visible under its key, in one step, and returns its size. A
    /// file of the same key is replaced: readers of the old one go on reading it.
    fn finish(self: Box<Self>) -> Result<u64, FileError>;
}

/// A stored file, open for reading.
pub struct StoredFile {
    /// In bytes.
    pub size: u64,
    /// Unbuffered.
    pub reader: Box<dyn Read + Send>,
}

impl fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredFile({} bytes)", self.size)
    }
}

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    pub key: FileKey,
    pub bytes: u64,
    /// Since it was finished.
    pub age: Duration,
}

/// Files in no order, read as they are asked for.
pub type FileEntries = Box<dyn Iterator<Item = Result<FileEntry, FileError>>>;

/// Files such as uploads and exports. Its methods block: on an async thread, go through a blocking
/// pool.
///
/// Files hold personal data, so the store is private to the server.
pub trait FileStore: Send + Sync + 'static {
    fn create(&self, key: &FileKey) -> Result<Box<dyn FileWriter>, FileError>;

    fn open(&self, key: &FileKey) -> Result<StoredFile, FileError> {
        self.open_from(key, 0)
    }

    /// Opens the file for reading from this byte on; [`StoredFile::size`] is that of the whole file.
    fn open_from(&self, key: &FileKey, offset: u64) -> Result<StoredFile, FileError>;

    fn size(&self, key: &FileKey) -> Result<u64, FileError>;

    /// Deletes the file; false if there is none.
    fn delete(&self, key: &FileKey) -> Result<bool, FileError>;

    /// The finished files. One that comes or goes meanwhile may be missing.
    fn entries(&self) -> Result<FileEntries, FileError>;

    /// Removes what crashed writers left, and returns the number of removed files.
    fn sweep(&self) -> Result<usize, FileError>;
}
