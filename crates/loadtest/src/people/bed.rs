//! A server with synthetic members, which may stay for the next run.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use abu_embedded_postgres::{Postgres, PostgresOptions};
use clap::Args;
use postgres::{Client, NoTls};
use tempfile::TempDir;
use uuid::Uuid;

use super::client::HttpClient;
use crate::{
    community::{self, Community},
    database::Database,
    stage::{Host, ScenarioError},
    target::{Process, configure},
    tokens::{Signer, new_secret},
};

/// Who there is to find.
#[derive(Args, Clone, Debug)]
pub(crate) struct People {
    /// Members in the register.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(crate) count: u32,
    /// Which members: each number stands for others.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep the members in this folder, and use those that it has.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Memory of PostgreSQL for its pages; 128MB is its own default.
    #[arg(long, default_value = "1GB")]
    pub(crate) shared_buffers: String,
}

/// The server, its database, and the token of a verified member.
pub(crate) struct Bed {
    pub(crate) sql: Client,
    pub(crate) address: SocketAddr,
    pub(crate) generated: Option<Duration>,
    pub(crate) listed: i64,
    token: String,
    admin: PathBuf,
    secret: String,
    // The fields drop in this order: the process ends before its database, and that before its folder goes.
    _process: Process,
    postgres: Postgres,
    data: Folder,
}

enum Folder {
    Kept(PathBuf),
    Gone(TempDir),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Gone(folder) => folder.path(),
        }
    }
}

impl Bed {
    pub(crate) fn prepare(host: &Host, people: &People) -> Result<Self, ScenarioError> {
        fs::create_dir_all(&host.scratch)?;
        let data = match &people.folder {
            Some(path) => {
                fs::create_dir_all(path)?;
                Folder::Kept(std::path::absolute(path)?)
            }
            None => Folder::Gone(TempDir::with_prefix_in("abu-people-", &host.scratch)?),
        };
        let secret = secret(data.path())?;
        let postgres = PostgresOptions::durable(data.path().join("postgres"))
            .setting("shared_buffers", &people.shared_buffers);
        let postgres = Postgres::start(postgres)
            .map_err(|error| ScenarioError::Wrong(format!("no PostgreSQL: {error}")))?;
        let url = postgres.url();
        let mut command = Command::new(&host.server);
        configure(&mut command, data.path(), &secret);
        command.env("ABU__DATABASE__URL", &url);
        let (process, address) = Process::start(&mut command, data.path())?;
        let mut sql = Client::connect(&url, NoTls)?;
        let token = Signer::new(&secret)
            .token(0)
            .map_err(crate::target::TargetError::from)?;
        let mut bed = Self {
            listed: 0,
            generated: None,
            token,
            admin: host.server.with_file_name("abu-admin"),
            secret,
            _process: process,
            postgres,
            data,
            address,
            sql: Client::connect(&url, NoTls)?,
        };
        let listed = |sql: &mut Client| -> Result<i64, postgres::Error> {
            Ok(sql
                .query_one("SELECT count(*) FROM directory_entries", &[])?
                .get(0))
        };
        if listed(&mut sql)? == 0 {
            bed.generate(people, &url)?;
        }
        bed.listed = listed(&mut sql)?;
        Ok(bed)
    }

    /// Reads tables and indexes of the directory into PostgreSQL's memory, as a running server has them.
    pub(crate) fn warm(&mut self) -> Result<(), ScenarioError> {
        self.sql.batch_execute(
            "CREATE EXTENSION IF NOT EXISTS pg_prewarm;
             SELECT pg_prewarm(c.oid) FROM pg_class c
             LEFT JOIN pg_index i ON i.indexrelid = c.oid
             WHERE COALESCE(i.indrelid, c.oid) IN
                 ('directory_entries'::regclass, 'name_tokens'::regclass, 'facet_counts'::regclass)",
        )?;
        Ok(())
    }

    fn generate(&mut self, people: &People, url: &str) -> Result<(), ScenarioError> {
        let begun = Instant::now();
        let (count, seed) = (people.count.to_string(), people.seed.to_string());
        self.admin(&[
            "generate-alumni",
            "--count",
            &count,
            "--seed",
            &seed,
            "--load",
            "--members",
        ])?;
        self.generated = Some(begun.elapsed());
        Database::connect(url)?.found(Community {
            rooms: 1,
            members: 2,
        })?;
        let searcher = community::user_id(0);
        self.sql.execute(
            "UPDATE users SET verification = 'verified' WHERE id = $1",
            &[&searcher],
        )?;
        Ok(())
    }

    /// Runs a command of the operator on the server's database, and returns what it prints.
    pub(crate) fn admin(&self, arguments: &[&str]) -> Result<String, ScenarioError> {
        let mut command = Command::new(&self.admin);
        configure(&mut command, self.data.path(), &self.secret);
        command.env("ABU__DATABASE__URL", self.postgres.url());
        let output = command.args(arguments).output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(ScenarioError::Wrong(format!(
                "abu-admin {} failed: {}{}",
                arguments.join(" "),
                text(&output.stdout),
                text(&output.stderr)
            ))),
        }
    }

    pub(crate) fn client(&self) -> Result<HttpClient, ScenarioError> {
        Ok(HttpClient::connect(self.address, &self.token)?)
    }
}

/// The signing key of the folder's server: a kept folder has users with sessions.
fn secret(folder: &Path) -> Result<String, ScenarioError> {
    let path = folder.join("secret.of-the-load-test");
    if let Ok(known) = fs::read_to_string(&path) {
        return Ok(known);
    }
    let secret = new_secret();
    fs::write(path, &secret)?;
    Ok(secret)
}

/// A listed member, as queries are made of them.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: Uuid,
    /// Folded names, the surname first.
    pub(crate) names: Vec<String>,
    pub(crate) year: i16,
    /// Codes.
    pub(crate) department: String,
    pub(crate) faculty: String,
    pub(crate) state: Option<String>,
    pub(crate) industry: Option<String>,
}

impl Bed {
    /// Members at random, the same ones for the same data.
    pub(crate) fn sample(&mut self, count: i64) -> Result<Vec<Member>, ScenarioError> {
        let rows = self.sql.query(
            "SELECT e.user_id, e.name_key, e.grad_year, d.code, f.code, s.code, i.code
             FROM directory_entries e
             JOIN departments d ON d.id = e.department_id
             JOIN faculties f ON f.id = d.faculty_id
             LEFT JOIN states s ON s.id = e.state_id
             LEFT JOIN industries i ON i.id = e.industry_id
             WHERE e.grad_year IS NOT NULL
             ORDER BY md5(e.name_key || e.display_name), e.user_id LIMIT $1",
            &[&count],
        )?;
        let members = rows.iter().map(|row| Member {
            id: row.get(0),
            names: row
                .get::<_, String>(1)
                .split(' ')
                .map(str::to_owned)
                .collect(),
            year: row.get(2),
            department: row.get(3),
            faculty: row.get(4),
            state: row.get(5),
            industry: row.get(6),
        });
        Ok(members.collect())
    }
}
