//! The directory: search rows, vocabulary and counts.

mod counts;
mod maintenance;
mod stages;
mod suggestions;
mod vocabulary;

use std::collections::HashMap;

use abu_application::{
    alumni::ports::{
        DirectoryReads, DirectoryWrites, Entry, FacetCounts, Frequencies, Grown, InTime, NewToken,
        Place, SetCount, Suggested,
    },
    platform::{
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    CountryId, DepartmentId, UserId,
    alumni::{
        directory::{Condition, Facet, Plan, SearchRow},
        names::Lookup,
    },
};
use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use uuid::Uuid;

use crate::{
    error::{Failure, is_statement_timeout},
    lists::in_list_order,
    store::Session,
};

type Row = (
    Uuid,
    String,
    String,
    Option<i16>,
    Option<i16>,
    Option<i16>,
    Option<String>,
    Option<String>,
    i32,
);

fn entry(row: Row) -> Entry {
    let (user, display_name, name_key, year, department, country, city, headline, rank) = row;
    Entry {
        place: Place {
            rank,
            name_key,
            user: user.into(),
        },
        display_name,
        year,
        department: department.map(DepartmentId::new),
        country: country.map(CountryId::new),
        city,
        headline,
    }
}

/// Nothing where the statement took longer than the connection allows.
fn in_time<T>(result: QueryResult<T>) -> Result<InTime<T>, Failure> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_statement_timeout(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl DirectoryReads for Session<'_> {
    fn frequencies(
        &mut self,
        lookup: Option<&Lookup>,
        terms: &[String],
    ) -> Result<Frequencies, StoreError> {
        self.run(|connection| Ok(vocabulary::frequencies(connection, lookup, terms)?))
    }

    fn token_frequencies(&mut self, tokens: &[String]) -> Result<HashMap<String, u32>, StoreError> {
        self.run(|connection| Ok(vocabulary::of_tokens(connection, tokens)?))
    }

    fn find_entries(
        &mut self,
        plan: &Plan,
        seek: Seek<Place>,
        limit: u32,
    ) -> Result<InTime<Vec<Entry>>, StoreError> {
        self.run(|connection| in_time(find(connection, plan, &seek, limit)))
    }

    fn count_entries(&mut self, conditions: &[Condition]) -> Result<InTime<Total>, StoreError> {
        self.run(|connection| in_time(counts::entries(connection, conditions)))
    }

    fn count_facets(
        &mut self,
        conditions: &[Condition],
        facets: &[Facet],
        most: u32,
    ) -> Result<InTime<FacetCounts>, StoreError> {
        self.run(|connection| in_time(counts::facets(connection, conditions, facets, most)))
    }

    fn counted_terms(&mut self, prefix: &str, most: u32) -> Result<Vec<(String, u32)>, StoreError> {
        self.run(|connection| Ok(counts::terms(connection, prefix, most)?))
    }

    fn suggest_tokens(&mut self, prefix: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.run(|connection| Ok(suggestions::tokens(connection, prefix, limit)?))
    }

    fn suggest_entries(&mut self, prefix: &str, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.run(|connection| {
            let rows = suggestions::entries(connection, prefix, limit)?;
            Ok(rows.into_iter().map(entry).collect())
        })
    }

    fn suggest_grown(
        &mut self,
        of: Grown,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<Suggested>, StoreError> {
        self.run(|connection| Ok(suggestions::grown(connection, of, prefix, limit)?))
    }

    fn grown_numbers(&mut self, of: Grown, ids: &[Uuid]) -> Result<HashMap<Uuid, i32>, StoreError> {
        self.run(|connection| Ok(suggestions::numbers(connection, of, ids)?))
    }

    fn grown_names(
        &mut self,
        of: Grown,
        numbers: &[i32],
    ) -> Result<HashMap<i32, Suggested>, StoreError> {
        self.run(|connection| Ok(suggestions::names(connection, of, numbers)?))
    }

    fn set_counts(&mut self) -> Result<Vec<SetCount>, StoreError> {
        self.run(|connection| Ok(counts::sets(connection)?))
    }

    fn differing_entries(&mut self, rows: &[SearchRow]) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| Ok(maintenance::differing(connection, rows)?))
    }

    fn listed_among(&mut self, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| Ok(maintenance::listed_among(connection, users)?))
    }

    fn members_after(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| Ok(maintenance::members_after(connection, after, limit)?))
    }

    fn missing_tokens(&mut self, limit: u32) -> Result<Vec<String>, StoreError> {
        self.run(|connection| Ok(vocabulary::missing(connection, limit)?))
    }
}

impl DirectoryWrites for Session<'_> {
    fn upsert_entries(&mut self, rows: &[SearchRow]) -> Result<(), StoreError> {
        self.run(|connection| Ok(maintenance::upsert(connection, rows)?))
    }

    fn delete_entries(&mut self, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| Ok(maintenance::delete(connection, users)?))
    }

    fn stored_tokens(&mut self, user: UserId) -> Result<Vec<String>, StoreError> {
        self.run(|connection| Ok(maintenance::tokens_of(connection, user)?))
    }

    fn add_tokens(&mut self, tokens: &[NewToken]) -> Result<(), StoreError> {
        self.run(|connection| Ok(vocabulary::add(connection, tokens)?))
    }

    fn forget_tokens(&mut self, tokens: &[String]) -> Result<(), StoreError> {
        self.run(|connection| Ok(vocabulary::forget(connection, tokens)?))
    }

    fn recount_tokens(&mut self) -> Result<(), StoreError> {
        self.run(|connection| Ok(vocabulary::recount(connection)?))
    }

    fn recount_facets(&mut self) -> Result<(), StoreError> {
        self.run(|connection| Ok(counts::recount_facets(connection)?))
    }

    fn recount_sets(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| Ok(counts::recount_sets(connection, now)?))
    }
}

/// Reads stage after stage until the page is full.
fn find(
    connection: &mut PgConnection,
    plan: &Plan,
    seek: &Seek<Place>,
    limit: u32,
) -> QueryResult<Vec<Entry>> {
    let stages = stages::of(plan);
    let from = match seek {
        Seek::After(from) | Seek::Before(from) => from.as_ref(),
    };
    let first = from.map(|place| stages::stage_of(place.rank));
    let mut numbers: Vec<usize> = (0..stages.len()).collect();
    if seek.is_backward() {
        numbers.reverse();
        numbers.retain(|number| first.is_none_or(|first| *number <= first));
    } else {
        numbers.retain(|number| first.is_none_or(|first| *number >= first));
    }
    let mut found: Vec<Entry> = Vec::new();
    for number in numbers {
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let begins_here = first == Some(number);
        let start = if seek.is_backward() {
            Seek::Before(None)
        } else {
            Seek::After(None)
        };
        let seek = if begins_here { seek } else { &start };
        let statement = stages::statement(&stages[number], number, seek, left);
        let rows: Vec<Row> = statement.returning::<stages::Columns>().load(connection)?;
        found.extend(rows.into_iter().map(entry));
    }
    Ok(in_list_order(seek.is_backward(), found))
}
