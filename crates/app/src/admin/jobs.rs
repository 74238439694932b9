//! `abu-admin jobs`: background jobs, as they are in the database.

use std::{
    fmt::{self, Display},
    io::{self, Write},
    time::Duration,
};

use abu_application::{
    access::{Jobs, JobsError, Operator},
    platform::{
        jobs::JobState,
        lists::{ListRequest, MAX_LIMIT, Seek},
        ports::{JobCanceling, JobFilter, JobRecord},
    },
};
use abu_domain::JobId;
use abu_settings::Settings;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{AdminError, database::OpenDatabase, operator::operator};
use crate::database::require_migrated;

/// How many jobs are shown unless more are asked for.
const DEFAULT_SHOWN: u32 = 100;

#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
    /// Show the jobs that wait, run or were given up, the newest first.
    List(ListArguments),
    /// Show one job with its parameters, its checkpoint and its last error.
    Show {
        /// The id of the job, from the list.
        job: Uuid,
    },
    /// Try a job again that was given up: from its last checkpoint, with as many attempts as a new one.
    ///
    /// Find the cause first: it is in last_error, and in the server's log.
    Revive {
        /// The id of the job, from the list.
        #[arg(required_unless_present = "all")]
        job: Option<Uuid>,
        /// All jobs that were given up.
        #[arg(long, conflicts_with = "job")]
        all: bool,
    },
    /// End a job. A running server ends it between two steps and undoes what is half done; a job that was
    /// given up is deleted.
    Cancel {
        /// The id of the job, from the list.
        job: Uuid,
        /// Delete it as it is, and undo nothing: for a kind that no release knows any more.
        #[arg(long)]
        delete: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Only those that were given up.
    #[arg(long)]
    dead: bool,
    /// Only those of this kind, such as tidy.
    #[arg(long)]
    kind: Option<String>,
    /// How many to show at most.
    #[arg(long, default_value_t = DEFAULT_SHOWN, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub(super) fn run(settings: &Settings, command: JobsCommand) -> Result<(), AdminError> {
    let office = Office::open(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(AdminError::Threads)?;
    runtime.block_on(async {
        match command {
            JobsCommand::List(which) => office.list(&which).await,
            JobsCommand::Show { job } => office.show(job.into()).await,
            JobsCommand::Revive { job: Some(job), .. } => office.revive(job.into()).await,
            JobsCommand::Revive { job: None, .. } => office.revive_all().await,
            JobsCommand::Cancel { job, delete: false } => office.cancel(job.into()).await,
            JobsCommand::Cancel { job, delete: true } => office.delete(job.into()).await,
        }
    })
}

/// The use cases of jobs on behalf of the operator.
struct Office {
    jobs: Jobs,
    operator: Operator,
    /// Dropped last: it may stop the PostgreSQL that the use cases need.
    _database: OpenDatabase,
}

impl Office {
    fn open(settings: &Settings) -> Result<Self, AdminError> {
        let database = OpenDatabase::of(settings)?;
        require_migrated(&database.url)?;
        Ok(Self {
            jobs: Jobs {
                context: database.context(settings),
            },
            operator: operator(),
            _database: database,
        })
    }

    async fn list(&self, which: &ListArguments) -> Result<(), AdminError> {
        let shown = self.jobs_of(&which.filter(), which.limit).await?;
        let mut out = io::stdout().lock();
        if shown.is_empty() {
            writeln!(out, "no jobs")?;
            return Ok(());
        }
        let written = write!(out, "{}", Table(&shown));
        match written {
            // The reader has closed the pipe, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            outcome => outcome?,
        }
        if shown.len() == which.limit as usize {
            writeln!(io::stderr(), "there may be more: --limit shows them")?;
        }
        Ok(())
    }

    /// At most so many, page by page.
    async fn jobs_of(&self, filter: &JobFilter, most: u32) -> Result<Vec<JobRecord>, AdminError> {
        let mut all: Vec<JobRecord> = Vec::new();
        loop {
            let left = most.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
            let page = ListRequest {
                seek: Seek::After(all.last().map(|job| job.id)),
                limit: left.min(MAX_LIMIT),
                count: false,
            };
            let page = self
                .jobs
                .list(self.operator.clone(), filter.clone(), page)
                .await?;
            let is_last = !page.after;
            all.extend(page.items);
            if is_last || all.len() >= most as usize {
                return Ok(all);
            }
        }
    }

    async fn show(&self, id: JobId) -> Result<(), AdminError> {
        let job = self.jobs.get(self.operator.clone(), id).await?;
        Ok(write!(io::stdout(), "{}", Shown(&job))?)
    }

    async fn revive(&self, id: JobId) -> Result<(), AdminError> {
        let job = self.jobs.revive(self.operator.clone(), id).await?;
        say(format_args!("{} ({id}) is tried again", job.kind))
    }

    /// Each by itself: one that cannot be revived keeps none of the others.
    async fn revive_all(&self) -> Result<(), AdminError> {
        let dead = JobFilter {
            state: Some(JobState::Dead),
            kind: None,
        };
        let (mut revived, mut refused) = (0_u32, 0_u32);
        for job in self.jobs_of(&dead, u32::MAX).await? {
            match self.jobs.revive(self.operator.clone(), job.id).await {
                Ok(_) => revived += 1,
                Err(JobsError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    refused += 1;
                    writeln!(io::stderr(), "{} ({}): {error}", job.kind, job.id)?;
                }
            }
        }
        say(format_args!("tried again: {revived}, refused: {refused}"))
    }

    async fn cancel(&self, id: JobId) -> Result<(), AdminError> {
        match self.jobs.cancel(self.operator.clone(), id).await? {
            JobCanceling::Asked => say(format_args!(
                "asked {id} to end: a running server ends it between two steps"
            )),
            JobCanceling::Deleted => say(format_args!("deleted {id}, which was given up")),
        }
    }

    async fn delete(&self, id: JobId) -> Result<(), AdminError> {
        self.jobs.delete(self.operator.clone(), id).await?;
        say(format_args!("deleted {id}"))
    }
}

impl ListArguments {
    fn filter(&self) -> JobFilter {
        JobFilter {
            state: self.dead.then_some(JobState::Dead),
            kind: self.kind.clone(),
        }
    }
}

/// Jobs in columns.
struct Table<'a>(&'a [JobRecord]);

const HEAD: [&str; 7] = [
    "JOB",
    "LANE",
    "KIND",
    "STATE",
    "ATTEMPTS",
    "SINCE",
    "LAST ERROR",
];

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = Utc::now();
        let rows: Vec<[String; 7]> = self.0.iter().map(|job| cells(job, now)).collect();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([HEAD[column].len()]).max().unwrap_or(0)
        };
        let widths: [usize; 7] = std::array::from_fn(width);
        for row in std::iter::once(&HEAD.map(str::to_owned)).chain(&rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:width$}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn cells(job: &JobRecord, now: DateTime<Utc>) -> [String; 7] {
    [
        job.id.to_string(),
        job.lane.name().to_owned(),
        job.kind.clone(),
        state(job, now),
        job.attempts.to_string(),
        minute(job.created_at).to_string(),
        job.last_error.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

/// What becomes of the job, in few words.
fn state(job: &JobRecord, now: DateTime<Utc>) -> String {
    let Some(due) = job.next_attempt_at else {
        return "given up".to_owned();
    };
    if job.leased_until.is_some_and(|until| until > now) {
        return match job.canceled_at {
            Some(_) => "being canceled".to_owned(),
            None => "runs".to_owned(),
        };
    }
    match (due - now).to_std() {
        Ok(wait) => format!("due in {}", rounded(wait)),
        Err(_past) => "due".to_owned(),
    }
}

fn rounded(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// A job in lines of a key and a value.
struct Shown<'a>(&'a JobRecord);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = self.0;
        writeln!(f, "job         {}", job.id)?;
        writeln!(f, "kind        {}", job.kind)?;
        writeln!(f, "lane        {}", job.lane.name())?;
        writeln!(f, "state       {}", state(job, Utc::now()))?;
        writeln!(f, "attempts    {}", job.attempts)?;
        writeln!(f, "since       {}", minute(job.created_at))?;
        if let Some(key) = &job.key {
            writeln!(f, "key         {key}")?;
        }
        if let Some(task) = job.task {
            writeln!(f, "task        {task}")?;
        }
        writeln!(f, "parameters  {}", job.payload)?;
        if let Some(cursor) = &job.cursor {
            writeln!(f, "checkpoint  {cursor}")?;
        }
        if let Some(failed_at) = job.failed_at {
            writeln!(f, "failed      {}", minute(failed_at))?;
        }
        if let Some(error) = &job.last_error {
            writeln!(f, "last error  {error}")?;
        }
        Ok(())
    }
}

fn minute(time: DateTime<Utc>) -> impl Display {
    time.format("%FT%H:%MZ")
}

fn say(text: fmt::Arguments<'_>) -> Result<(), AdminError> {
    Ok(writeln!(io::stdout(), "{text}")?)
}
