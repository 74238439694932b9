//! Recall: whether a search for a misspelt name finds the person, or a namesake, among the first twenty.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use clap::Args;
use uuid::Uuid;

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

/// What the directory finds of misspelt names.
#[derive(Args, Clone, Debug)]
pub(crate) struct Recall {
    #[command(flatten)]
    people: People,
    /// Members of each kind.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    runs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Written,
    Swapped,
    Variant,
    One(Typo),
    EachOfTwo,
    TooMany,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Written,
        Self::Swapped,
        Self::Variant,
        Self::One(Typo::Dropped),
        Self::One(Typo::Doubled),
        Self::One(Typo::Swapped),
        Self::One(Typo::Neighbor),
        Self::One(Typo::SoundAlike),
        Self::EachOfTwo,
        Self::TooMany,
    ];

    fn name(self) -> String {
        match self {
            Self::Written => "as written".to_owned(),
            Self::Swapped => "order swapped".to_owned(),
            Self::Variant => "variant spelling".to_owned(),
            Self::One(typo) => format!("one letter: {typo:?}").to_lowercase(),
            Self::EachOfTwo => "an error in each of two names".to_owned(),
            Self::TooMany => "a name too many".to_owned(),
        }
    }

    /// Whether a namesake must be found without filters in 92 of 100 searches.
    const fn has_namesakes(self) -> bool {
        matches!(
            self,
            Self::Written | Self::Swapped | Self::Variant | Self::One(_)
        )
    }

    fn words(
        self,
        member: &Member,
        others: &[Member],
        spellings: &Spellings,
        picks: &mut Picks,
    ) -> Option<Vec<String>> {
        let mut words = member.names.clone();
        let long: Vec<usize> = (0..words.len())
            .filter(|place| words[*place].len() >= 4)
            .collect();
        match self {
            Self::Written => {}
            Self::Swapped => words.reverse(),
            Self::Variant => {
                let known = (0..words.len())
                    .find_map(|place| Some((place, spellings.variant(&words[place], picks)?)));
                let (place, variant) = known?;
                words[place] = variant;
            }
            Self::One(typo) => {
                if long.is_empty() {
                    return None;
                }
                let place = *picks.of(&long);
                words[place] = typo.make(&words[place], picks)?;
            }
            Self::EachOfTwo => {
                if long.len() < 2 {
                    return None;
                }
                for place in &long[..2] {
                    words[*place] = picks.of(&Typo::ALL).make(&words[*place], picks)?;
                }
            }
            Self::TooMany => {
                let other = picks.of(others);
                words.push(picks.of(&other.names).clone());
            }
        }
        Some(words)
    }
}

/// Hits of one kind.
#[derive(Default)]
struct Hits {
    asked: u32,
    namesake: u32,
    person: u32,
    with_year: u32,
    with_set: u32,
    times: Histogram,
}

impl Recall {
    pub(crate) fn run(&self, host: &Host) -> Result<bool, ScenarioError> {
        let mut bed = Bed::prepare(host, &self.people)?;
        let mut out = io::stdout();
        writeln!(
            out,
            "{} listed members, seed {}",
            bed.listed, self.people.seed
        )?;
        let members = bed.sample(i64::from(self.runs) * 6)?;
        let spellings = Spellings::known();
        let mut client = bed.client()?;
        writeln!(
            out,
            "{:34} {:>6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "in the first 20, %", "n", "namesake", "person", "+ year", "+ set", "p50 ms", "p99 ms"
        )?;
        let mut all_good = true;
        for kind in Kind::ALL {
            let hits = self.ask(kind, &mut client, &mut bed, &members, &spellings)?;
            let share = |count: u32| 100.0 * f64::from(count) / f64::from(hits.asked.max(1));
            let is_good = share(hits.with_set) >= 98.0
                && (!kind.has_namesakes() || share(hits.namesake) >= 92.0);
            all_good &= is_good;
            writeln!(
                out,
                "{:34} {:>6} {:>9.1} {:>8.1} {:>8.1} {:>8.1} {:>8} {:>8}{}",
                kind.name(),
                hits.asked,
                share(hits.namesake),
                share(hits.person),
                share(hits.with_year),
                share(hits.with_set),
                readable(hits.times.quantile_ms(0.5)),
                readable(hits.times.quantile_ms(0.99)),
                if is_good { "" } else { "  MISSED" }
            )?;
        }
        Ok(all_good)
    }

    fn ask(
        &self,
        kind: Kind,
        client: &mut HttpClient,
        bed: &mut Bed,
        members: &[Member],
        spellings: &Spellings,
    ) -> Result<Hits, ScenarioError> {
        let mut picks = Picks::new(11);
        let mut hits = Hits::default();
        for member in members {
            if hits.asked == self.runs {
                break;
            }
            let Some(words) = kind.words(member, members, spellings, &mut picks) else {
                continue;
            };
            let q = format!("/api/v1/alumni?q={}", encoded(&words.join(" ")));
            let found = search(client, &q, &mut hits.times)?;
            let year = format!("{q}&year={}", member.year);
            let in_year = search(client, &year, &mut hits.times)?;
            let set = format!("{year}&department={}", member.department);
            let in_set = search(client, &set, &mut hits.times)?;
            hits.asked += 1;
            hits.person += u32::from(found.contains(&member.id));
            hits.with_year += u32::from(in_year.contains(&member.id));
            hits.with_set += u32::from(in_set.contains(&member.id));
            let names = names_of(bed, &found)?;
            let is_namesake = |names: &Vec<String>| spellings.are_namesakes(&member.names, names);
            hits.namesake += u32::from(names.values().any(is_namesake));
        }
        Ok(hits)
    }
}

fn search(
    client: &mut HttpClient,
    path: &str,
    times: &mut Histogram,
) -> Result<Vec<Uuid>, ScenarioError> {
    let reply = client.get(path)?;
    let body = reply.json();
    if reply.status != 200 {
        return Err(ScenarioError::Wrong(format!(
            "{path} was answered {}: {body}",
            reply.status
        )));
    }
    times.record(reply.nanos);
    let items = body["items"].as_array().cloned().unwrap_or_default();
    let ids = items
        .iter()
        .filter_map(|card| card["uuid"].as_str()?.parse().ok());
    Ok(ids.collect())
}

fn names_of(bed: &mut Bed, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>, ScenarioError> {
    let rows = bed.sql.query(
        "SELECT user_id, name_key FROM directory_entries WHERE user_id = ANY ($1)",
        &[&ids],
    )?;
    let names = rows.iter().map(|row| {
        let key: String = row.get(1);
        (row.get(0), key.split(' ').map(str::to_owned).collect())
    });
    Ok(names.collect())
}
