//! Latency of each kind of query through HTTP, beside the naive query of the same run.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use clap::Args;

use super::{
    bed::{Bed, Member, People},
    client::{HttpClient, encoded},
    pick::Picks,
    typos::{Spellings, Typo},
};
use crate::{
    histogram::Histogram,
    report::readable,
    stage::{Host, ScenarioError},
};

/// Clients of the concurrent part.
const CLIENTS: usize = 8;
/// A page of this number shows that depth costs nothing.
const DEEP: usize = 1_000;

/// How long searches of the directory take.
#[derive(Args, Clone, Debug)]
pub(crate) struct Latency {
    #[command(flatten)]
    people: People,
    /// Queries of each kind.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    runs: u32,
    /// Do not warm up: measure the first queries after the start.
    #[arg(long)]
    cold: bool,
}

/// A kind of query, with its limit of p99 in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    FirstPage,
    DeepPage,
    ClassSet,
    Faculty,
    Places,
    NewestFirst,
    Counted,
    Facets,
    AllFacets,
    Suggested,
    SuggestedShort,
    Written,
    Swapped,
    Variant,
    Misspelt,
    AllMisspelt,
    NameAndYear,
    OneName,
}

impl Kind {
    const ALL: [Self; 18] = [
        Self::FirstPage,
        Self::DeepPage,
        Self::ClassSet,
        Self::Faculty,
        Self::Places,
        Self::NewestFirst,
        Self::Counted,
        Self::Facets,
        Self::AllFacets,
        Self::Suggested,
        Self::SuggestedShort,
        Self::Written,
        Self::Swapped,
        Self::Variant,
        Self::Misspelt,
        Self::AllMisspelt,
        Self::NameAndYear,
        Self::OneName,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::FirstPage => "first page",
            Self::DeepPage => "a page of any depth",
            Self::ClassSet => "class set: department and year",
            Self::Faculty => "faculty and ten years",
            Self::Places => "state, industry and faculty",
            Self::NewestFirst => "newest class first",
            Self::Counted => "class set, counted",
            Self::Facets => "facets of a class set",
            Self::AllFacets => "facets of everyone",
            Self::Suggested => "suggestions, three letters",
            Self::SuggestedShort => "suggestions, two letters",
            Self::Written => "a name as written",
            Self::Swapped => "a name in another order",
            Self::Variant => "a variant spelling",
            Self::Misspelt => "a name with one error",
            Self::AllMisspelt => "every word misspelt",
            Self::NameAndYear => "a name and a year",
            Self::OneName => "one name of a member",
        }
    }

    const fn limit(self) -> f64 {
        match self {
            Self::FirstPage
            | Self::DeepPage
            | Self::ClassSet
            | Self::NewestFirst
            | Self::Suggested
            | Self::SuggestedShort => 10.0,
            Self::Faculty | Self::Places | Self::Counted | Self::Facets | Self::AllFacets => 20.0,
            Self::Written
            | Self::Swapped
            | Self::Variant
            | Self::Misspelt
            | Self::AllMisspelt
            | Self::NameAndYear
            | Self::OneName => 50.0,
        }
    }

    /// The address of such a query; `None` if the member lacks what it is about.
    fn path(
        self,
        member: &Member,
        cursors: &[String],
        known: &Known,
        picks: &mut Picks,
    ) -> Option<String> {
        let names = &member.names;
        let q = |words: &[String]| format!("/api/v1/alumni?q={}", encoded(&words.join(" ")));
        let misspelt = |word: &String, picks: &mut Picks| {
            let typo = *picks.of(&Typo::ALL);
            typo.make(word, picks).unwrap_or_else(|| word.clone())
        };
        let set = format!("department={}&year={}", member.department, member.year);
        Some(match self {
            Self::FirstPage => "/api/v1/alumni".to_owned(),
            Self::DeepPage => format!("/api/v1/alumni?cursor={}", picks.of(cursors)),
            Self::ClassSet => format!("/api/v1/alumni?{set}"),
            Self::Faculty => format!(
                "/api/v1/alumni?faculty={}&year_from={}&year_to={}",
                member.faculty,
                member.year - 5,
                member.year + 4
            ),
            Self::Places => format!(
                "/api/v1/alumni?state={}&industry={}&faculty={}",
                member.state.as_ref()?,
                member.industry.as_ref()?,
                member.faculty
            ),
            Self::NewestFirst => format!("/api/v1/alumni?sort=-year&faculty={}", member.faculty),
            Self::Counted => format!("/api/v1/alumni?{set}&count=true"),
            Self::Facets => format!("/api/v1/alumni?{set}&facets=state,industry"),
            Self::AllFacets => "/api/v1/alumni?facets=year,faculty,department".to_owned(),
            Self::Suggested => format!("/api/v1/alumni/suggest?q={}", prefix(names, 3)),
            Self::SuggestedShort => format!("/api/v1/alumni/suggest?q={}", prefix(names, 2)),
            Self::Written => q(names),
            Self::Swapped => q(&names.iter().rev().cloned().collect::<Vec<_>>()),
            Self::Variant => {
                let variant = |name: &String| known.spellings.variant(name, picks);
                let mut variants: Vec<Option<String>> = names.iter().map(variant).collect();
                let place = variants.iter().position(Option::is_some)?;
                let mut names = names.clone();
                names[place] = variants.swap_remove(place)?;
                q(&names)
            }
            Self::Misspelt => {
                let mut names = names.clone();
                let place = picks.below(names.len());
                names[place] = misspelt(&names[place], picks);
                q(&names)
            }
            Self::AllMisspelt => q(&names
                .iter()
                .map(|name| misspelt(name, picks))
                .collect::<Vec<_>>()),
            Self::NameAndYear => format!("{}&year={}", q(names), member.year),
            Self::OneName => q(std::slice::from_ref(picks.of(names))),
        })
    }
}

fn prefix(names: &[String], letters: usize) -> String {
    let name = names.first().map_or("a", String::as_str);
    encoded(&name.chars().take(letters).collect::<String>())
}

struct Known {
    spellings: Spellings,
}

impl Latency {
    pub(crate) fn run(&self, host: &Host) -> Result<bool, ScenarioError> {
        let mut bed = Bed::prepare(host, &self.people)?;
        let mut out = io::stdout();
        if let Some(generated) = bed.generated {
            writeln!(out, "generated in {:.0} s", generated.as_secs_f64())?;
        }
        writeln!(out, "{} listed members", bed.listed)?;
        let members = bed.sample(500)?;
        if !self.cold {
            bed.warm()?;
        }
        let known = Known {
            spellings: Spellings::known(),
        };
        let mut client = bed.client()?;
        let cursors = walk(&mut client)?;
        let mut all_good = self.compare_depth(&mut client, &cursors)?;
        let mut alone = Vec::new();
        writeln!(
            out,
            "{:44} {:>8} {:>8} {:>8} {:>8}",
            "one client, ms", "p50", "p95", "p99", "limit"
        )?;
        for kind in Kind::ALL {
            let times = self.measure(kind, &mut client, &members, &cursors, &known)?;
            all_good &= show(kind, &times, kind.limit())?;
            alone.push(times.quantile_ms(0.99));
        }
        naive(&mut bed, &members)?;
        writeln!(
            out,
            "{:44} {:>8} {:>8} {:>8} {:>8}",
            "eight clients, ms", "p50", "p95", "p99", "limit"
        )?;
        let (times, errors) = self.concurrently(&bed, &members, &cursors, &known)?;
        for ((kind, times), alone) in Kind::ALL.into_iter().zip(&times).zip(alone) {
            all_good &= show(kind, times, (alone * 6.0).max(20.0))?;
        }
        writeln!(out, "errors with eight clients: {errors}")?;
        all_good &= errors == 0;
        write!(out, "{}", bed.admin(&["directory", "check"])?)?;
        Ok(all_good)
    }

    fn measure(
        &self,
        kind: Kind,
        client: &mut HttpClient,
        members: &[Member],
        cursors: &[String],
        known: &Known,
    ) -> Result<Histogram, ScenarioError> {
        let mut picks = Picks::new(kind as u64);
        let mut times = Histogram::default();
        let warm_up = if self.cold { 0 } else { 20 };
        let (mut done, mut member) = (0, 0);
        while done < self.runs + warm_up {
            let path = kind.path(&members[member % members.len()], cursors, known, &mut picks);
            member += 1;
            let Some(path) = path else { continue };
            let reply = client.get(&path)?;
            if reply.status != 200 {
                return Err(wrong(&path, reply.status, &reply.body));
            }
            if done >= warm_up {
                times.record(reply.nanos);
            }
            done += 1;
        }
        Ok(times)
    }

    /// The page of number 1,000 beside the first one.
    fn compare_depth(
        &self,
        client: &mut HttpClient,
        cursors: &[String],
    ) -> Result<bool, ScenarioError> {
        let mut times = [Histogram::default(), Histogram::default()];
        let last = cursors.last().map_or("", String::as_str);
        let deep = format!("/api/v1/alumni?limit=20&cursor={last}");
        for _ in 0..self.runs {
            for (path, times) in ["/api/v1/alumni", &deep].into_iter().zip(&mut times) {
                times.record(client.get(path)?.nanos);
            }
        }
        let [near, far] = times.map(|times| times.quantile_ms(0.5));
        writeln!(
            io::stdout(),
            "page {} p50 {} ms, page 1 p50 {} ms: {} times",
            cursors.len() + 1,
            readable(far),
            readable(near),
            readable(far / near)
        )?;
        Ok(far / near <= 1.5)
    }

    fn concurrently(
        &self,
        bed: &Bed,
        members: &[Member],
        cursors: &[String],
        known: &Known,
    ) -> Result<(Vec<Histogram>, u64), ScenarioError> {
        let errors = AtomicU64::new(0);
        let each = self.runs as usize / CLIENTS + 1;
        let clients: Result<Vec<HttpClient>, ScenarioError> =
            (0..CLIENTS).map(|_| bed.client()).collect();
        let errors_ref = &errors;
        let nanos: Vec<io::Result<Vec<(usize, u64)>>> = thread::scope(|scope| {
            let running: Vec<_> = clients?
                .into_iter()
                .enumerate()
                .map(|(number, mut client)| {
                    scope.spawn(move || {
                        let mut picks = Picks::new(900 + number as u64);
                        let mut nanos = Vec::new();
                        for round in 0..each * Kind::ALL.len() {
                            // Each client begins elsewhere, so that kinds mix.
                            let index = (round + number * 5) % Kind::ALL.len();
                            let member = picks.of(members);
                            let path = Kind::ALL[index].path(member, cursors, known, &mut picks);
                            let Some(path) = path else { continue };
                            let reply = client.get(&path)?;
                            match reply.status {
                                200 => nanos.push((index, reply.nanos)),
                                _ => drop(errors_ref.fetch_add(1, Ordering::Relaxed)),
                            }
                        }
                        Ok(nanos)
                    })
                })
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, io::Result<_>>| {
                thread
                    .join()
                    .unwrap_or_else(|_panic| Err(io::Error::other("a client panicked")))
            };
            Ok::<_, ScenarioError>(running.into_iter().map(join).collect())
        })?;
        let mut times: Vec<Histogram> = Kind::ALL.iter().map(|_| Histogram::default()).collect();
        for client in nanos {
            for (index, nanos) in client? {
                times[index].record(nanos);
            }
        }
        Ok((times, errors.load(Ordering::Relaxed)))
    }
}

fn show(kind: Kind, times: &Histogram, limit: f64) -> Result<bool, ScenarioError> {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| times.quantile_ms(share));
    let verdict = if p99 <= limit { "" } else { "  MISSED" };
    writeln!(
        io::stdout(),
        "{:44} {:>8} {:>8} {:>8} {:>8}{verdict}",
        kind.name(),
        readable(p50),
        readable(p95),
        readable(p99),
        readable(limit)
    )?;
    Ok(p99 <= limit)
}

/// The cursors of the first thousand pages.
fn walk(client: &mut HttpClient) -> Result<Vec<String>, ScenarioError> {
    let (mut cursors, mut path) = (Vec::new(), "/api/v1/alumni".to_owned());
    for _ in 1..DEEP {
        let reply = client.get(&path)?;
        if reply.status != 200 {
            return Err(wrong(&path, reply.status, &reply.body));
        }
        let Some(next) = reply.json()["next_cursor"].as_str().map(str::to_owned) else {
            break;
        };
        path = format!("/api/v1/alumni?cursor={next}");
        cursors.push(next);
    }
    match cursors.is_empty() {
        true => Err(ScenarioError::Wrong(
            "the directory has one page".to_owned(),
        )),
        false => Ok(cursors),
    }
}

fn wrong(path: &str, status: u16, body: &[u8]) -> ScenarioError {
    let body = String::from_utf8_lossy(&body[..body.len().min(400)]);
    ScenarioError::Wrong(format!("{path} was answered {status}: {body}"))
}

/// What a search without any of this would cost, in SQL alone.
fn naive(bed: &mut Bed, members: &[Member]) -> Result<(), ScenarioError> {
    const COLUMNS: &str = "user_id, display_name, grad_year, department_id, headline";
    let mut out = io::stdout();
    let mut time = |name: &str, queries: Vec<String>| -> Result<(), ScenarioError> {
        let mut times = Histogram::default();
        for query in &queries {
            let begun = Instant::now();
            bed.sql.simple_query(query)?;
            times.record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| times.quantile_ms(share));
        writeln!(
            out,
            "{name:44} {:>8} {:>8} {:>8}",
            readable(p50),
            readable(p95),
            readable(p99)
        )?;
        Ok(())
    };
    let like = |words: &[String]| {
        let words = words.iter().map(|word| format!("name_key LIKE '%{word}%'"));
        let words: Vec<String> = words.collect();
        format!(
            "SELECT {COLUMNS} FROM directory_entries WHERE {} ORDER BY name_key, user_id LIMIT 20",
            words.join(" AND ")
        )
    };
    time(
        "naive, SQL alone: OFFSET of half of all",
        vec![
            format!(
                "SELECT {COLUMNS} FROM directory_entries ORDER BY name_key, user_id
             OFFSET (SELECT count(*) / 2 FROM directory_entries) LIMIT 20"
            );
            5
        ],
    )?;
    let sample = || members.iter().take(20);
    time(
        "naive, SQL alone: LIKE, whole name",
        sample().map(|member| like(&member.names)).collect(),
    )?;
    time(
        "naive, SQL alone: LIKE, one name",
        sample().map(|member| like(&member.names[..1])).collect(),
    )
}
