//! Search: a page of cards, a total, facets, and what would narrow a search with too many results.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use abu_domain::{
    UserId,
    alumni::{
        directory::{Choice, Condition, Facet, Filter, Kind as PlanKind, Plan, Search, Words},
        names::Lexicon,
        reference::{Catalogue, Entry as ReferenceEntry, Kind},
    },
    identity::user::Verification,
};

use super::{Directory, DirectoryError, DirectorySearch, request::kind};
use crate::{
    access::{Caller, require_active},
    alumni::ports::{DirectoryPosition, Entry, FacetCounts, Frequencies, Grown},
    platform::{
        lists::{ListRequest, Listed, Seek, Total},
        ports::StoreError,
    },
    store::Reads,
};

/// Facets are counted among as many members at most; of more, only stored counts are shown.
const COUNTED: f64 = 20_000.0;
/// Values of a facet.
const VALUES: u32 = 50;

/// What the directory shows of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub position: DirectoryPosition,
    pub name: String,
    /// Year of the first award.
    pub year: Option<i16>,
    /// Code of the department of the first award.
    pub department: Option<String>,
    pub headline: Option<String>,
    pub city: Option<String>,
    /// Code of the country.
    pub country: Option<String>,
}

impl Card {
    /// The choice of lists without words.
    pub(super) const BY_NAME: Choice = Choice {
        kind: PlanKind::Ordered,
        level: None,
        weights: Vec::new(),
    };

    pub fn user(&self) -> UserId {
        self.position.place.user
    }
}

/// A value of a facet, with how many members have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// A code, a year, a folded city or an id.
    pub value: String,
    /// What people call it.
    pub name: Option<String>,
    pub count: u32,
}

/// An answer of the directory.
#[derive(Clone, Debug)]
pub struct Results {
    pub page: Listed<Card>,
    /// Those that were asked for and could be counted.
    pub facets: BTreeMap<Facet, Vec<FacetCount>>,
    /// Whether a facet was asked for and not counted: there are too many results.
    pub facets_omitted: bool,
    /// Facets that would narrow a search with too many results. Its page has whole names first, not all matches.
    pub narrow: Vec<Facet>,
}

/// A search with its plan.
struct Planned {
    plan: Plan,
    choice: Choice,
    filter: Filter,
    /// About how many members match.
    estimate: f64,
    has_words: bool,
}

impl Directory {
    /// Finds members; takes a verified account.
    pub async fn search(
        &self,
        caller: Caller,
        search: DirectorySearch,
        page: ListRequest<DirectoryPosition>,
    ) -> Result<Results, DirectoryError> {
        let cache = self.catalogue.clone();
        self.searches
            .read(move |tx| {
                require_verified(tx, &caller)?;
                let catalogue = cache.get(tx)?;
                let before = match &page.seek {
                    Seek::After(from) | Seek::Before(from) => from.as_ref(),
                };
                let before = before.map(|position| position.choice.clone());
                let planned = plan(tx, &search, &catalogue, before.as_ref())?;
                let page = find(tx, &planned, page)?;
                let (facets, facets_omitted) = facets(tx, &planned, &search.facets, &catalogue)?;
                Ok(Results {
                    page: page.map(|entry| card(entry, &planned.choice, &catalogue)),
                    facets,
                    facets_omitted,
                    narrow: planned.plan.narrowing(&planned.filter),
                })
            })
            .await
    }
}

/// The caller is a verified graduate.
pub(super) fn require_verified(tx: &mut dyn Reads, caller: &Caller) -> Result<(), DirectoryError> {
    require_active(tx, caller)?;
    let user = tx.user(caller.user)?;
    let is_verified = user.is_some_and(|user| user.verification == Verification::Verified);
    match is_verified {
        true => Ok(()),
        false => Err(DirectoryError::NotVerified),
    }
}

fn plan(
    tx: &mut dyn Reads,
    search: &DirectorySearch,
    catalogue: &Catalogue,
    before: Option<&Choice>,
) -> Result<Planned, DirectoryError> {
    let filter = search.filter.filter(tx, catalogue)?;
    let conditions = filter.conditions();
    let terms: Vec<String> = conditions
        .iter()
        .flat_map(|condition| condition.terms.iter().cloned())
        .collect();
    let lexicon = Lexicon::built_in();
    let lookup = search.name.as_ref().map(|query| query.lookup(lexicon));
    let Frequencies {
        tokens,
        terms,
        total,
    } = tx.frequencies(lookup.as_ref(), &terms)?;
    let words = match &search.name {
        Some(query) => Some(known_words(tx, Words::expand(query, tokens, lexicon))?),
        None => None,
    };
    let (plan, choice, estimate) = Plan::choose(
        &Search {
            order: search.order(),
            words: words.as_ref(),
            filter: &filter,
            frequencies: &terms,
            total,
        },
        before,
    );
    Ok(Planned {
        plan,
        choice,
        filter,
        estimate,
        has_words: words.is_some(),
    })
}

fn known_words(tx: &mut dyn Reads, words: Words) -> Result<Words, StoreError> {
    let missing = words.missing();
    match missing.is_empty() {
        true => Ok(words),
        false => Ok(words.knowing(tx.token_frequencies(&missing)?)),
    }
}

fn find(
    tx: &mut dyn Reads,
    planned: &Planned,
    page: ListRequest<DirectoryPosition>,
) -> Result<Listed<Entry>, DirectoryError> {
    let is_late = Cell::new(false);
    let page = ListRequest {
        seek: page.seek.map(|position| position.place),
        limit: page.limit,
        count: page.count,
    };
    let listed = page.fetch(
        tx,
        |tx, seek, limit| {
            let found = tx.find_entries(&planned.plan, seek, limit)?;
            is_late.set(is_late.get() || found.is_none());
            Ok(found.unwrap_or_default())
        },
        |tx| match planned.plan.matching() {
            None => Ok(Total::Exactly(0)),
            Some(conditions) => {
                let total = tx.count_entries(&conditions)?;
                is_late.set(is_late.get() || total.is_none());
                Ok(total.unwrap_or(Total::AtLeast(0)))
            }
        },
    )?;
    match is_late.get() {
        true => Err(DirectoryError::TooBroad),
        false => Ok(listed),
    }
}

pub(super) fn card(entry: Entry, choice: &Choice, catalogue: &Catalogue) -> Card {
    let code = |entry: &ReferenceEntry| entry.content.code.as_str().to_owned();
    let country = entry.country.and_then(|id| {
        let list = catalogue.list(Kind::Countries);
        list.of_id(id.get().into())
    });
    let department = entry.department.and_then(|id| catalogue.department(id));
    Card {
        name: entry.display_name,
        year: entry.year,
        department: department.map(code),
        headline: entry.headline,
        city: entry.city,
        country: country.map(code),
        position: DirectoryPosition {
            place: entry.place,
            choice: choice.clone(),
        },
    }
}

/// The facets that can be counted, and whether one cannot.
fn facets(
    tx: &mut dyn Reads,
    planned: &Planned,
    asked: &BTreeSet<Facet>,
    catalogue: &Catalogue,
) -> Result<(BTreeMap<Facet, Vec<FacetCount>>, bool), DirectoryError> {
    let Some(conditions) = planned.plan.matching() else {
        let none = asked.iter().map(|facet| (*facet, Vec::new()));
        return Ok((none.collect(), false));
    };
    if asked.is_empty() {
        return Ok((BTreeMap::new(), false));
    }
    let counted = match !conditions.is_empty() && planned.estimate <= COUNTED {
        true => counted_now(tx, &conditions, asked)?,
        false => counted_before(tx, planned, asked)?,
    };
    let is_omitted = counted.len() < asked.len();
    Ok((named(tx, counted, catalogue)?, is_omitted))
}

fn counted_now(
    tx: &mut dyn Reads,
    conditions: &[Condition],
    asked: &BTreeSet<Facet>,
) -> Result<FacetCounts, DirectoryError> {
    let asked: Vec<Facet> = asked.iter().copied().collect();
    let counted = tx.count_facets(conditions, &asked, VALUES)?;
    counted.ok_or(DirectoryError::TooBroad)
}

/// The stored counts know single terms, and the years of a unit.
fn counted_before(
    tx: &mut dyn Reads,
    planned: &Planned,
    asked: &BTreeSet<Facet>,
) -> Result<FacetCounts, DirectoryError> {
    let mut counted = FacetCounts::new();
    if planned.has_words {
        return Ok(counted);
    }
    let is_all = planned.filter.facets().is_empty();
    let unit = planned.filter.only().filter(|(facet, _)| {
        matches!(facet, Facet::Faculty | Facet::Department | Facet::Programme)
    });
    for facet in asked {
        let prefix = match unit {
            _ if is_all => facet.prefix(),
            Some((unit, value)) if *facet == Facet::Year => unit.years_of(value),
            _ => continue,
        };
        counted.insert(*facet, tx.counted_terms(&prefix, VALUES)?);
    }
    Ok(counted)
}

/// Numbers of the database become codes and ids.
fn named(
    tx: &mut dyn Reads,
    counted: FacetCounts,
    catalogue: &Catalogue,
) -> Result<BTreeMap<Facet, Vec<FacetCount>>, StoreError> {
    let mut named = BTreeMap::new();
    for (facet, values) in counted {
        let names = names(tx, facet, &values, catalogue)?;
        let values = values.into_iter().filter_map(|(number, count)| {
            let (value, name) = match names.get(&number) {
                Some((value, name)) => (value.clone(), Some(name.clone())),
                None if matches!(facet, Facet::Year | Facet::City) => (number, None),
                None => return None,
            };
            Some(FacetCount { value, name, count })
        });
        named.insert(facet, values.collect());
    }
    Ok(named)
}

/// What clients call the values: code or id, and name.
fn names(
    tx: &mut dyn Reads,
    facet: Facet,
    values: &[(String, u32)],
    catalogue: &Catalogue,
) -> Result<HashMap<String, (String, String)>, StoreError> {
    let numbers = values
        .iter()
        .filter_map(|(value, _)| value.parse::<i32>().ok());
    if let Some(kind) = kind(facet) {
        let list = catalogue.list(kind);
        let known = numbers.filter_map(|number| {
            let content = &list.of_id(number)?.content;
            let code = content.code.as_str().to_owned();
            Some((number.to_string(), (code, content.name.as_str().to_owned())))
        });
        return Ok(known.collect());
    }
    let of = match facet {
        Facet::Employer => Grown::Employers,
        Facet::Skill => Grown::Skills,
        _ => return Ok(HashMap::new()),
    };
    let numbers: Vec<i32> = numbers.collect();
    let known = tx.grown_names(of, &numbers)?;
    let known = known.into_iter().map(|(number, suggested)| {
        (
            number.to_string(),
            (suggested.uuid.to_string(), suggested.name),
        )
    });
    Ok(known.collect())
}
