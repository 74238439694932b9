//! Discovery of the PostgreSQL server programs on this machine.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::account::quiet_command;
use crate::error::StartError;

/// Folders in which distributions install versions side by side. A `*` matches within one path component.
const VERSIONED_PLACES: [&str; 6] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    dir: PathBuf,
    pub(crate) major: u32,
}

impl Programs {
    /// The programs of the version that wrote the data. For new data (`needed` is `None`) the first match in
    /// the order of [`everywhere`].
    pub(crate) fn find(
        bin_dir: Option<&Path>,
        needed: Option<u32>,
        data_dir: &Path,
    ) -> Result<Self, StartError> {
        let found = installed(bin_dir);
        let Some(first) = found.first() else {
            return Err(StartError::NotInstalled {
                searched: searched(bin_dir),
            });
        };
        let Some(needed) = needed else {
            return Ok(first.clone());
        };
        found
            .iter()
            .find(|programs| programs.major == needed)
            .cloned()
            .ok_or_else(|| StartError::Version {
                data_dir: data_dir.to_owned(),
                needed,
                found: describe(&found),
            })
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// Some distributions keep the client elsewhere than the server.
    pub(crate) fn psql(&self) -> PathBuf {
        let beside = self.dir.join("psql");
        if beside.is_file() {
            beside
        } else {
            PathBuf::from("psql")
        }
    }

    fn in_dir(dir: PathBuf) -> Option<Self> {
        let complete = dir.join("postgres").is_file() && dir.join("initdb").is_file();
        let major = complete
            .then(|| major_version(&dir.join("postgres")))
            .flatten()?;
        Some(Self { dir, major })
    }
}

fn installed(bin_dir: Option<&Path>) -> Vec<Programs> {
    let candidates = bin_dir.map_or_else(everywhere, |dir| {
        Programs::in_dir(dir.to_owned()).into_iter().collect()
    });
    let mut found = Vec::new();
    for programs in candidates {
        if !found.contains(&programs) {
            found.push(programs);
        }
    }
    found
}

/// `PATH` and `pg_config` are an operator's choice, so they precede the highest version of each known folder.
fn everywhere() -> Vec<Programs> {
    let chosen = on_path()
        .into_iter()
        .chain(configured())
        .filter_map(Programs::in_dir);
    chosen
        .chain(VERSIONED_PLACES.into_iter().flat_map(highest_first))
        .collect()
}

fn highest_first(place: &str) -> Vec<Programs> {
    let mut versions: Vec<_> = expand(place)
        .into_iter()
        .filter_map(Programs::in_dir)
        .collect();
    versions.sort_by_key(|programs| Reverse(programs.major));
    versions
}

/// Follows symbolic links: `initdb` and `psql` lie beside the target of a lone `postgres` in `/usr/local/bin`.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .filter_map(|dir| fs::canonicalize(dir.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect()
}

fn configured() -> Option<PathBuf> {
    let output = quiet_command("pg_config").arg("--bindir").output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(dir.trim_end())).filter(|dir| dir.is_absolute())
}

fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut dirs = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        dirs = dirs.iter().flat_map(|dir| matching(dir, part)).collect();
    }
    dirs
}

fn matching(dir: &Path, part: &str) -> Vec<PathBuf> {
    let Some((prefix, suffix)) = part.split_once('*') else {
        return vec![dir.join(part)];
    };
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix) && name.ends_with(suffix))
        .map(|name| dir.join(name))
        .collect()
}

fn major_version(postgres: &Path) -> Option<u32> {
    let output = quiet_command(postgres).arg("--version").output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `postgres (PostgreSQL) 15.4 (Debian …)`, and `18beta1` or `19devel` as well.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    number[..digits].parse().ok()
}

fn searched(bin_dir: Option<&Path>) -> String {
    bin_dir.map_or_else(
        || {
            format!(
                "PATH, what pg_config names, {}",
                VERSIONED_PLACES.join(", ")
            )
        },
        |dir| dir.display().to_string(),
    )
}

fn describe(found: &[Programs]) -> String {
    let each: Vec<String> = found
        .iter()
        .map(|p| format!("{} ({})", p.major, p.dir.display()))
        .collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_version_is_read_from_releases_and_previews() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.4 (Debian 15.4-1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("postgres (PostgreSQL) devel"), None);
        assert_eq!(parse_major(""), None);
    }

    #[test]
    fn star_stands_for_any_text_within_a_component() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pgsql-14/bin", "pgsql-15/bin", "other/bin"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        let mut found = expand(&format!("{}/pgsql-*/bin", dir.path().display()));
        found.sort();
        assert_eq!(
            found,
            [
                dir.path().join("pgsql-14/bin"),
                dir.path().join("pgsql-15/bin")
            ]
        );
    }

    #[test]
    fn data_of_a_version_that_is_not_installed_name_both_versions() {
        let error = Programs::find(None, Some(9), Path::new("/data"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("written by PostgreSQL 9"), "{error}");
        assert!(error.contains("/bin)"), "{error}");
    }

    #[test]
    fn missing_programs_say_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let error = Programs::find(Some(empty.path()), None, Path::new("/data"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("apt-get install postgresql"), "{error}");
    }
}
