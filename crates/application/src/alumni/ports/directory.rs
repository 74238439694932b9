use std::collections::{BTreeMap, HashMap};

use abu_domain::{
    CountryId, DepartmentId, UserId,
    alumni::{
        directory::{Choice, Condition, Facet, Plan, SearchRow},
        names::Lookup,
    },
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// How many members have each token and each facet term, as counted last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequencies {
    /// Of the vocabulary: the candidates of a lookup.
    pub tokens: HashMap<String, u32>,
    /// Of the terms that were asked for.
    pub terms: HashMap<String, u32>,
    /// Members of the directory; 0 before the first count.
    pub total: u32,
}

/// Where a member stands in a plan's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Members with a lower rank come first. Each stage of a plan has ranks of its own.
    pub rank: i32,
    pub name_key: String,
    pub user: UserId,
}

/// Where a page of a search goes on, and what it must agree on with the page before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPosition {
    pub place: Place,
    pub choice: Choice,
}

/// What the directory shows of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub place: Place,
    pub display_name: String,
    pub year: Option<i16>,
    pub department: Option<DepartmentId>,
    pub country: Option<CountryId>,
    pub city: Option<String>,
    pub headline: Option<String>,
}

/// What a read of the directory found; `None` if it took too long.
pub type InTime<T> = Option<T>;

/// Values of facets as the terms hold them, with how many members have each.
pub type FacetCounts = BTreeMap<Facet, Vec<(String, u32)>>;

/// A confirmed name of the vocabularies that members grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    pub uuid: Uuid,
    pub name: String,
}

/// The vocabularies that members grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grown {
    Employers,
    Skills,
}

/// A fixed set of graduates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    Faculty,
    Department,
    Year,
    FacultyYear,
}

/// The size of a fixed set of graduates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCount {
    pub kind: SetKind,
    /// 0 where the set is not one of a faculty, a department or a year.
    pub faculty: i16,
    pub department: i16,
    pub year: i16,
    /// People of the register.
    pub graduates: u32,
    /// Listed members.
    pub members: u32,
    pub counted_at: DateTime<Utc>,
}

/// A token of the vocabulary with what finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub token: String,
    pub skeleton: String,
    pub deletes: Vec<String>,
}

/// The directory, as it is read.
pub trait DirectoryReads {
    /// Candidates of the lookup with their frequencies, and those of the terms: one round trip.
    fn frequencies(
        &mut self,
        lookup: Option<&Lookup>,
        terms: &[String],
    ) -> Result<Frequencies, StoreError>;

    /// The frequencies of the tokens that the vocabulary has.
    fn token_frequencies(&mut self, tokens: &[String]) -> Result<HashMap<String, u32>, StoreError>;

    /// A page of a plan, in its order.
    fn find_entries(
        &mut self,
        plan: &Plan,
        seek: Seek<Place>,
        limit: u32,
    ) -> Result<InTime<Vec<Entry>>, StoreError>;

    /// How many members satisfy the conditions.
    fn count_entries(&mut self, conditions: &[Condition]) -> Result<InTime<Total>, StoreError>;

    /// Values of facets among those who satisfy the conditions, at most `most` a facet, the most frequent first.
    fn count_facets(
        &mut self,
        conditions: &[Condition],
        facets: &[Facet],
        most: u32,
    ) -> Result<InTime<FacetCounts>, StoreError>;

    /// Terms that begin with the prefix, without it, as counted last; at most `most`, the most frequent first.
    fn counted_terms(&mut self, prefix: &str, most: u32) -> Result<Vec<(String, u32)>, StoreError>;

    /// Tokens of names that begin with the prefix and that several members have, the most frequent first.
    fn suggest_tokens(&mut self, prefix: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// Members whose name begins with the prefix, the surname first.
    fn suggest_entries(&mut self, prefix: &str, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Confirmed employers or skills that begin with the prefix, the most used first.
    fn suggest_grown(
        &mut self,
        of: Grown,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<Suggested>, StoreError>;

    /// The numbers of employers or skills by their ids, of what they were merged into.
    fn grown_numbers(&mut self, of: Grown, ids: &[Uuid]) -> Result<HashMap<Uuid, i32>, StoreError>;

    /// Employers or skills with these numbers.
    fn grown_names(
        &mut self,
        of: Grown,
        numbers: &[i32],
    ) -> Result<HashMap<i32, Suggested>, StoreError>;

    /// Sizes of all fixed sets, as counted last.
    fn set_counts(&mut self) -> Result<Vec<SetCount>, StoreError>;

    /// Which of these rows differ from what is stored, or are not stored.
    fn differing_entries(&mut self, rows: &[SearchRow]) -> Result<Vec<UserId>, StoreError>;

    /// Which of these members have a row.
    fn listed_among(&mut self, users: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// Users with a verified account or a row, after this one, in the order of their ids.
    fn members_after(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Tokens of names in rows that the vocabulary lacks; some of them at most.
    fn missing_tokens(&mut self, limit: u32) -> Result<Vec<String>, StoreError>;
}

/// The directory, as it is written.
pub trait DirectoryWrites {
    /// Inserts or replaces rows, each of another member.
    fn upsert_entries(&mut self, rows: &[SearchRow]) -> Result<(), StoreError>;

    /// Deletes rows, and returns whose there were.
    fn delete_entries(&mut self, users: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// The tokens of a member's names as stored.
    fn stored_tokens(&mut self, user: UserId) -> Result<Vec<String>, StoreError>;

    /// Adds those tokens that the vocabulary lacks.
    fn add_tokens(&mut self, tokens: &[NewToken]) -> Result<(), StoreError>;

    /// Removes those of these tokens that no row has any more.
    fn forget_tokens(&mut self, tokens: &[String]) -> Result<(), StoreError>;

    /// Counts the rows of every token, and removes tokens without one.
    fn recount_tokens(&mut self) -> Result<(), StoreError>;

    /// Counts the rows of every facet term, and all rows.
    fn recount_facets(&mut self) -> Result<(), StoreError>;

    /// Counts the fixed sets.
    fn recount_sets(&mut self, now: DateTime<Utc>) -> Result<(), StoreError>;
}
