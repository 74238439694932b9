//! The port of files on a real folder.

#![cfg(test)]

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::{Duration, SystemTime},
};

use abu_application::platform::ports::{FileError, FileStore, FileWriter, StoredFile};
use abu_domain::platform::file_key::FileKey;
use abu_storage::FolderStore;
use tempfile::TempDir;

/// Older than a sweep spares.
const OLD: Duration = Duration::from_secs(3_600);

struct Rig {
    folder: TempDir,
    store: FolderStore,
}

fn rig() -> Rig {
    let folder = TempDir::with_prefix("abu-storage-").unwrap();
    let store = FolderStore::new(folder.path().join("files"));
    Rig { folder, store }
}

fn key(text: &str) -> FileKey {
    FileKey::parse(text).unwrap()
}

impl Rig {
    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn create(&self, name: &str) -> Box<dyn FileWriter> {
        self.store.create(&key(name)).unwrap()
    }

    fn put(&self, name: &str, content: &str) -> u64 {
        let mut file = self.create(name);
        file.write_all(content.as_bytes()).unwrap();
        file.finish().unwrap()
    }

    fn read(&self, name: &str) -> Result<String, FileError> {
        self.store.open(&key(name)).map(content)
    }

    /// Names of the files that are not finished.
    fn partial(&self) -> usize {
        match fs::read_dir(self.root().join("files/.partial")) {
            Ok(entries) => entries.count(),
            Err(_no_folder) => 0,
        }
    }

    /// As if the files that are not finished were an hour old.
    fn age_partial(&self) {
        for entry in fs::read_dir(self.root().join("files/.partial")).unwrap() {
            let file = File::options().write(true).open(entry.unwrap().path());
            file.unwrap().set_modified(SystemTime::now() - OLD).unwrap();
        }
    }
}

fn content(mut file: StoredFile) -> String {
    let mut text = String::new();
    file.reader.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_finished_file_is_read_as_it_was_written() {
    let rig = rig();
    assert_eq!(rig.put("imports/1.csv", "Surname,Names\n"), 14);
    assert_eq!(rig.read("imports/1.csv").unwrap(), "Surname,Names\n");
    assert_eq!(rig.store.size(&key("imports/1.csv")).unwrap(), 14);
    let from = rig.store.open_from(&key("imports/1.csv"), 8).unwrap();
    assert_eq!((from.size, content(from)), (14, "Names\n".to_owned()));
}

#[test]
fn a_file_that_is_being_written_is_invisible() {
    let rig = rig();
    let mut file = rig.create("a");
    file.write_all(b"half").unwrap();
    file.flush().unwrap();
    assert!(matches!(rig.read("a"), Err(FileError::NotFound)));
    assert!(matches!(
        rig.store.size(&key("a")),
        Err(FileError::NotFound)
    ));
    drop(file);
    assert!(matches!(rig.read("a"), Err(FileError::NotFound)));
    assert_eq!(rig.partial(), 0);
}

#[test]
fn a_replaced_or_deleted_file_is_read_to_its_end() {
    let rig = rig();
    rig.put("a", "old");
    let (one, other) = (
        rig.store.open(&key("a")).unwrap(),
        rig.store.open(&key("a")).unwrap(),
    );
    rig.put("a", "newer");
    assert_eq!(content(one), "old");
    assert_eq!(rig.read("a").unwrap(), "newer");
    assert!(rig.store.delete(&key("a")).unwrap());
    assert!(!rig.store.delete(&key("a")).unwrap());
    assert_eq!(content(other), "old");
    assert!(matches!(rig.read("a"), Err(FileError::NotFound)));
}

#[test]
fn files_and_folders_are_private() {
    let rig = rig();
    rig.put("exports/2026/a.json", "{}");
    let open = rig.create("exports/2026/b.json");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let root = rig.root().join("files");
    for folder in ["", "exports", "exports/2026", ".partial"] {
        assert_eq!(mode(&root.join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&root.join("exports/2026/a.json")), 0o600);
    for entry in fs::read_dir(root.join(".partial")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    drop(open);
}

#[test]
fn links_and_folders_are_no_files() {
    let rig = rig();
    rig.put("a/b", "inside");
    let outside = rig.root().join("outside");
    fs::write(&outside, "a secret").unwrap();
    symlink(&outside, rig.root().join("files/link")).unwrap();
    for name in ["link", "a"] {
        assert!(matches!(rig.read(name), Err(FileError::NotFound)), "{name}");
    }
    assert!(rig.store.delete(&key("link")).unwrap());
    assert_eq!(fs::read_to_string(outside).unwrap(), "a secret");
}

#[test]
fn a_sweep_removes_what_dead_writers_left_and_nothing_else() {
    let rig = rig();
    assert_eq!(rig.store.sweep().unwrap(), 0);
    rig.put("a", "finished");
    let mut alive = rig.create("b");
    alive.write_all(b"still writing").unwrap();
    let left = rig.root().join("files/.partial/left");
    fs::write(&left, "of a killed server").unwrap();
    assert_eq!(
        rig.store.sweep().unwrap(),
        0,
        "it may be a writer's that begins"
    );
    rig.age_partial();
    assert_eq!(rig.store.sweep().unwrap(), 1);
    assert!(!left.exists());
    assert_eq!(alive.finish().unwrap(), 13);
    assert_eq!(rig.read("a").unwrap(), "finished");
    assert_eq!(rig.read("b").unwrap(), "still writing");
}

/// `/dev/full` is a disk without space.
#[test]
fn a_full_disk_is_transient() {
    let mut full = File::options().write(true).open("/dev/full").unwrap();
    let error = FileError::from(full.write_all(b"text").unwrap_err());
    assert!(matches!(error, FileError::Full(_)));
    assert!(error.is_transient());
    assert!(!FileError::NotFound.is_transient());
}

#[test]
fn two_writers_of_one_key_do_not_mix() {
    let rig = rig();
    let (mut one, mut other) = (rig.create("a"), rig.create("a"));
    one.write_all(b"one").unwrap();
    other.write_all(b"other").unwrap();
    one.finish().unwrap();
    other.finish().unwrap();
    assert_eq!(rig.read("a").unwrap(), "other");
    assert_eq!(rig.partial(), 0);
}

#[test]
fn a_path_that_cannot_be_a_folder_shows_at_the_start() {
    let rig = rig();
    rig.store.prepare().unwrap();
    let taken = rig.root().join("taken");
    fs::write(&taken, "").unwrap();
    assert!(FolderStore::new(taken).prepare().is_err());
}

#[test]
fn entries_are_the_finished_files_with_size_and_age() {
    let rig = rig();
    assert_eq!(rig.store.entries().unwrap().count(), 0);
    rig.put("imports/1.csv", "abc");
    rig.put("a/b/c/d/e", "");
    let unfinished = rig.create("imports/2.csv");
    let root = rig.root().join("files");
    symlink("/etc/passwd", root.join("imports/link")).unwrap();
    symlink("/etc", root.join("etc")).unwrap();
    fs::write(root.join("imports/No Key"), "x").unwrap();
    let old = File::options()
        .append(true)
        .open(root.join("imports/1.csv"))
        .unwrap();
    old.set_modified(SystemTime::now() - OLD).unwrap();
    let mut found: Vec<_> = rig.store.entries().unwrap().map(Result::unwrap).collect();
    drop(unfinished);
    found.sort_by(|left, right| left.key.cmp(&right.key));
    let shown: Vec<_> = found
        .iter()
        .map(|entry| (entry.key.as_str(), entry.bytes, entry.age >= OLD))
        .collect();
    assert_eq!(shown, [("a/b/c/d/e", 0, false), ("imports/1.csv", 3, true)]);
}

#[test]
fn a_file_deleted_during_the_listing_ends_no_listing() {
    let rig = rig();
    for number in 0..3 {
        rig.put(&format!("exports/{number}"), "x");
    }
    let mut entries = rig.store.entries().unwrap();
    entries.next().unwrap().unwrap();
    for number in 0..3 {
        rig.store
            .delete(&key(&format!("exports/{number}")))
            .unwrap();
    }
    assert!(entries.all(|entry| entry.is_ok()));
}
