//! Import of the register: staging, judgment and commit, against a plain COPY into the same tables; then the same
//! file again. `ABU_IMPORT_ROWS` sets the rows (1,000,000), `ABU_IMPORT_FILE` a file of columns Surname, Other Names,
//! Matric No, Department, Degree, Year, Email.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run says why, and prints its figures"
)]

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use abu_application::{
    BlockingPool, Context, Database,
    access::Server,
    alumni::imports::{ImportDraft, ImportPolicy, Imports, LegalBasis, Watch},
    messaging::ports::NoPresence,
    platform::{
        ports::NoSubscribers,
        rate_limits::RateLimits,
        system::{SystemClock, SystemIds},
    },
};
use abu_domain::{ImportId, alumni::imports::Mapping, platform::task::Progress};
use abu_register_csv::CsvFiles;
use abu_storage::FolderStore;
use abu_test_support::{PrivateCluster, TestDatabase};
use serde_json::json;
use tempfile::TempDir;

const SETTINGS: [(&str, &str); 3] = [
    ("fsync", "on"),
    ("shared_buffers", "512MB"),
    ("max_wal_size", "4GB"),
];
const DEPARTMENTS: i32 = 110;

/// When each phase began.
#[derive(Default)]
struct Phases(Mutex<Vec<(String, Instant)>>);

impl Watch for Phases {
    fn progress(&self, progress: Progress) -> bool {
        let mut phases = self.0.lock().unwrap();
        let phase = format!(
            "{} {}",
            progress.phase,
            match progress.unit.as_str() {
                "steps" => progress.done.to_string(),
                _ => String::new(),
            }
        );
        if phases.last().is_none_or(|(last, _)| *last != phase) {
            phases.push((phase, Instant::now()));
        }
        true
    }
}

fn main() {
    let rows: usize = env::var("ABU_IMPORT_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let file = env::var_os("ABU_IMPORT_FILE").map_or_else(
        || generated(&folder.path().join("register.csv"), rows),
        PathBuf::from,
    );
    let cluster = PrivateCluster::start_with(&SETTINGS);
    let database = cluster.database();
    fill_reference_data(&database);
    let imports = imports(&database, folder.path());

    let first = timed("the file", || whole_import(&imports, &file, true));
    let again = timed("the same file again", || {
        whole_import(&imports, &file, false)
    });
    let peak = peak_memory();
    let plain = plain_copy(&database, folder.path());
    println!("plain COPY {:.1} s", plain.as_secs_f64());
    println!(
        "import {:.2} x plain COPY; again {:.2} x the first",
        first.as_secs_f64() / plain.as_secs_f64(),
        again.as_secs_f64() / first.as_secs_f64()
    );
    println!("peak memory of the process {peak} MB");
}

fn timed(what: &str, work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    let taken = began.elapsed();
    println!("{what}: {:.1} s", taken.as_secs_f64());
    taken
}

fn imports(database: &TestDatabase, folder: &Path) -> Imports {
    let pool = || BlockingPool::new(1, Duration::from_secs(5));
    Imports {
        context: Context {
            database: Database::new(database.store(), pool()),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            events: Arc::new(NoSubscribers),
            presence: Arc::new(NoPresence),
            limits: Arc::new(RateLimits::off()),
            files: Arc::new(FolderStore::new(folder.join("files"))),
        },
        policy: ImportPolicy {
            parser: Arc::new(CsvFiles),
            max_bytes: u64::MAX,
            disk: pool(),
        },
    }
}

fn mapping() -> Mapping {
    serde_json::from_value(json!({
        "surname": {"column": "Surname"},
        "given_names": {"columns": ["Other Names"]},
        "matric": {"column": "Matric No"},
        "department": {"column": "Department"},
        "degree": {"column": "Degree"},
        "year": {"column": "Year"},
        "email": {"column": "Email", "if_invalid": "leave_out"},
    }))
    .unwrap()
}

fn whole_import(imports: &Imports, file: &Path, commit: bool) {
    let mut upload = imports.begin_upload().unwrap();
    let mut file = File::open(file).unwrap();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        match file.read(&mut piece).unwrap() {
            0 => break,
            bytes => upload.write(&piece[..bytes]).unwrap(),
        }
    }
    let draft = ImportDraft {
        file_name: "register.csv".to_owned(),
        mapping: mapping(),
        legal_basis: LegalBasis::parse("Benchmark").unwrap(),
        dry_run: true,
        again: true,
    };
    let import = imports.take_file(&Server, upload, &draft).unwrap().import;
    let phases = Phases::default();
    let judged = imports.judge(import.id, &phases).unwrap();
    for (verdict, lines) in &judged.counts {
        println!("  {} {lines}", verdict.name());
    }
    if commit {
        write(imports, import.id, &phases);
    }
    let phases = phases.0.into_inner().unwrap();
    let ends = phases
        .iter()
        .skip(1)
        .map(|(_, at)| *at)
        .chain([Instant::now()]);
    for ((phase, began), end) in phases.iter().zip(ends) {
        println!("  {phase}: {:.1} s", (end - *began).as_secs_f64());
    }
}

fn write(imports: &Imports, id: ImportId, phases: &Phases) {
    imports.write_to_register(&Server, id, phases).unwrap();
}

/// Rows in an order that is random to their ids, as another register exports them.
fn plain_copy(database: &TestDatabase, folder: &Path) -> Duration {
    let tables = ["alumni_records", "awards"];
    let file = |table: &str| {
        let path = folder.join(table);
        // The server of the database writes it, under another user.
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
        path.display().to_string()
    };
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let files = tables.map(file);
    for (table, file) in tables.iter().zip(&files) {
        database.execute(&format!(
            "COPY (SELECT * FROM {table} ORDER BY md5(id::text)) TO '{file}'"
        ));
    }
    database.execute("TRUNCATE alumni_records, awards CASCADE; CHECKPOINT");
    let began = Instant::now();
    for (table, file) in tables.iter().zip(&files) {
        database.execute(&format!("COPY {table} FROM '{file}'"));
    }
    began.elapsed()
}

fn fill_reference_data(database: &TestDatabase) {
    database.execute(&format!(
        "INSERT INTO faculties (code, name, created_at, last_modified) VALUES ('f', 'F', now(), now());
         INSERT INTO departments (code, name, faculty_id, created_at, last_modified)
             SELECT 'd' || n, 'Department ' || n, (SELECT min(id) FROM faculties), now(), now()
             FROM generate_series(1, {DEPARTMENTS}) AS n;
         INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
             VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now())"
    ));
}

/// Names of 600 syllables, so that common ones repeat.
fn generated(path: &Path, rows: usize) -> PathBuf {
    let parts = [
        "ba", "mu", "sa", "i", "bra", "him", "ade", "wa", "le", "chi", "di", "ma", "oke", "yu",
        "suf",
    ];
    let name = |mut n: usize| {
        let mut name = String::new();
        for _ in 0..3 {
            name.push_str(parts[n % parts.len()]);
            n /= parts.len();
        }
        name
    };
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(
        file,
        "Surname,Other Names,Matric No,Department,Degree,Year,Email"
    )
    .unwrap();
    for row in 0..rows {
        let mixed = row.wrapping_mul(2_654_435_761) >> 7;
        let (surname, given) = (name(mixed), name(mixed / 3_375));
        let email = match row % 2 {
            0 => format!("{surname}.{row}@example.com"),
            _ => String::new(),
        };
        let (department, year) = (1 + mixed % DEPARTMENTS as usize, 1965 + row % 60);
        writeln!(
            file,
            "{surname},{given},U{:02}AB{row},d{department},bsc,{year},{email}",
            year % 100
        )
        .unwrap();
    }
    file.flush().unwrap();
    path.to_owned()
}

/// The largest resident set so far.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
