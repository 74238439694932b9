use std::{
    fs::{self, DirBuilder, File},
    io::{self, Seek, SeekFrom},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use abu_application::platform::ports::{FileEntries, FileError, FileStore, FileWriter, StoredFile};
use abu_domain::platform::file_key::FileKey;

use crate::{
    entries::Entries,
    partial::{self, PartialFile},
};

const PRIVATE: u32 = 0o700;
/// Where files are until they are finished. No key begins with a dot.
const PARTIAL: &str = ".partial";

/// Files in a folder of their own, which is made when it is first needed.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the folder, so that a wrong path shows at the start and not at the first upload.
    pub fn prepare(&self) -> io::Result<()> {
        make_private(&self.partial())
    }

    fn path(&self, key: &FileKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn partial(&self) -> PathBuf {
        self.root.join(PARTIAL)
    }
}

impl FileStore for FolderStore {
    fn create(&self, key: &FileKey) -> Result<Box<dyn FileWriter>, FileError> {
        make_private(&self.root)?;
        let partial = PartialFile::create(&self.partial(), self.path(key))?;
        Ok(Box::new(partial))
    }

    fn open_from(&self, key: &FileKey, offset: u64) -> Result<StoredFile, FileError> {
        let path = self.path(key);
        let size = size_of(&path)?;
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(StoredFile {
            size,
            reader: Box::new(file),
        })
    }

    fn size(&self, key: &FileKey) -> Result<u64, FileError> {
        Ok(size_of(&self.path(key))?)
    }

    fn delete(&self, key: &FileKey) -> Result<bool, FileError> {
        match fs::remove_file(self.path(key)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn entries(&self) -> Result<FileEntries, FileError> {
        Ok(Box::new(Entries::of(&self.root)?))
    }

    fn sweep(&self) -> Result<usize, FileError> {
        Ok(partial::sweep(&self.partial())?)
    }
}

/// The size of a plain file. A folder is no file, and a link leads out of the store.
fn size_of(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Makes the folder and its parents, for this user alone. A folder that is there keeps its mode: its
/// files are private all the same.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(PRIVATE).create(folder)
}
