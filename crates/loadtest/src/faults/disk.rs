//! A small disk of PostgreSQL's own, in memory (tmpfs): it can be filled without harm to the machine.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
};

/// Room for a cluster, the migrations, and some segments of its log.
const SIZE: &str = "size=256m,mode=755";
const BALLAST: &str = "ballast";

pub(super) struct Disk(PathBuf);

impl Disk {
    /// `None` where this user may not mount.
    pub(super) fn mount(path: PathBuf) -> io::Result<Option<Self>> {
        fs::create_dir(&path)?;
        match mount(
            Some("tmpfs"),
            &path,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(SIZE),
        ) {
            Ok(()) => Ok(Some(Self(path))),
            Err(Errno::EPERM | Errno::EACCES) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes until nothing more fits.
    pub(super) fn fill(&self) -> io::Result<()> {
        let mut file = File::create(self.0.join(BALLAST))?;
        for size in [1 << 20, 4_096] {
            let block = vec![0; size];
            loop {
                match file.write(&block) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    pub(super) fn free(&self) -> io::Result<()> {
        fs::remove_file(self.0.join(BALLAST))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // At the latest when the last process leaves it.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}
