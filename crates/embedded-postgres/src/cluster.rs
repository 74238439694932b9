//! Creation of PostgreSQL's data directory, atomic: `initdb` in a staging folder, then a rename.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Output;

use nix::fcntl::OFlag;

use crate::error::{IoContext, StartError};
use crate::folder::Home;
use crate::programs::Programs;
use crate::socket::ROLE;

/// Unfinished clusters have this name, a dash and a random part.
const STAGING: &str = "staging";

/// The major version that wrote the cluster; `None` without a cluster.
pub(crate) fn version(home: &Home) -> Result<Option<u32>, StartError> {
    let path = home.cluster().join("PG_VERSION");
    let mut content = String::new();
    match fs::OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(&path)
    {
        Ok(file) => file
            .take(16)
            .read_to_string(&mut content)
            .context("read", &path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return missing_version(home),
        Err(error) => return Err(error).context("open", &path),
    };
    let version = content.trim_end().parse();
    version
        .map(Some)
        .map_err(|_| StartError::folder(&path, "it does not name a version of PostgreSQL"))
}

fn missing_version(home: &Home) -> Result<Option<u32>, StartError> {
    if home.cluster().exists() {
        return Err(StartError::folder(
            &home.cluster(),
            "it is there, but it is not a database of PostgreSQL",
        ));
    }
    Ok(None)
}

/// Creates the cluster in a staging folder and renames it. An interrupted `initdb` never leaves a partial
/// cluster in its place.
pub(crate) fn create(home: &Home, programs: &Programs, flush: bool) -> Result<(), StartError> {
    remove_unfinished(home)?;
    let staging = home.make_unique(STAGING)?;
    init(home, programs, &staging, flush)?;
    let cluster = home.cluster();
    fs::rename(&staging, &cluster).context("move the new database to", &cluster)?;
    if flush {
        File::open(&home.path)
            .and_then(|folder| folder.sync_all())
            .context("flush", &home.path)?;
    }
    Ok(())
}

/// `--auth reject`: the cluster's own access rules deny every connection. The server starts with the rules
/// of `access`.
fn init(home: &Home, programs: &Programs, staging: &Path, flush: bool) -> Result<(), StartError> {
    let initdb = programs.initdb();
    let mut command = home.account.command(&initdb);
    command.arg("--pgdata").arg(staging).args([
        "--username",
        ROLE,
        "--auth",
        "reject",
        "--data-checksums",
    ]);
    // Bytewise collation does not change with the system's libraries; `C.UTF-8` maps case for all of Unicode.
    command.args([
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--lc-ctype",
        "C.UTF-8",
    ]);
    if !flush {
        command.arg("--no-sync");
    }
    let output = command.output().context("run", &initdb)?;
    if output.status.success() {
        return Ok(());
    }
    fs::remove_dir_all(staging).context("remove", staging)?;
    Err(StartError::Init {
        path: home.path.clone(),
        output: said(&output),
    })
}

/// An `initdb` whose parent was killed may still write to a staging folder. It fails then, and the next
/// start removes its remains.
fn remove_unfinished(home: &Home) -> Result<(), StartError> {
    for entry in fs::read_dir(&home.path).context("read", &home.path)? {
        let entry = entry.context("read", &home.path)?;
        if !entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(STAGING.as_bytes())
        {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            log::warn!(
                "cannot remove the unfinished database {}: {error}",
                entry.path().display()
            );
        }
    }
    Ok(())
}

/// The last lines of a program's standard error, joined; its exit status where there are none.
pub(crate) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = &lines[lines.len().saturating_sub(4)..];
    if last.is_empty() {
        output.status.to_string()
    } else {
        last.join("; ")
    }
}
