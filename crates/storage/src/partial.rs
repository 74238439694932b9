//! Files under construction.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use abu_application::platform::ports::{FileError, FileWriter};
use uuid::Uuid;

use crate::folder::make_private;

const PRIVATE: u32 = 0o600;
const BUFFER_BYTES: usize = 64 * 1024;
/// Between its creation and its lock, a live writer's file looks abandoned.
const YOUNG: Duration = Duration::from_secs(60);

/// Buffers; locked while it is open, so that a sweep knows a live writer.
pub(crate) struct PartialFile {
    /// `None` once finished.
    file: Option<BufWriter<File>>,
    path: PathBuf,
    target: PathBuf,
}

impl PartialFile {
    pub(crate) fn create(folder: &Path, target: PathBuf) -> io::Result<Self> {
        make_private(folder)?;
        let path = folder.join(Uuid::new_v4().to_string());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(&path)?;
        let partial = Self {
            file: Some(BufWriter::with_capacity(BUFFER_BYTES, file)),
            path,
            target,
        };
        if let Some(file) = &partial.file {
            file.get_ref().lock()?;
        }
        Ok(partial)
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("the file is finished"))
    }
}

impl Write for PartialFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl FileWriter for PartialFile {
    fn finish(mut self: Box<Self>) -> Result<u64, FileError> {
        let file = self.file()?;
        file.flush()?;
        file.get_ref().sync_all()?;
        let size = file.get_ref().metadata()?.len();
        let folder = self.target.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        fs::rename(&self.path, &self.target)?;
        // The rename itself must survive a power failure.
        File::open(folder)?.sync_all()?;
        self.file = None;
        Ok(size)
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else {
            return;
        };
        // What is buffered need not be written.
        let _ = file.into_parts();
        match fs::remove_file(&self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => log::warn!("a file that was not finished stays for now: {error}"),
        }
    }
}

/// Removes the files whose writers are gone.
pub(crate) fn sweep(folder: &Path) -> io::Result<usize> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut removed = 0;
    for entry in entries {
        let path = entry?.path();
        // Another sweep may be faster, and a writer may finish.
        match is_abandoned(&path).and_then(|abandoned| {
            if abandoned {
                fs::remove_file(&path)?;
            }
            Ok(abandoned)
        }) {
            Ok(abandoned) => removed += usize::from(abandoned),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
    if age < YOUNG {
        return Ok(false);
    }
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
