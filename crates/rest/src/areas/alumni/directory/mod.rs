//! The directory of graduates: cards, suggestions, counts.

mod dto;
mod problems;
mod query;

use abu_application::{
    alumni::{
        directory::{Card, DirectorySearch},
        ports::DirectoryPosition,
    },
    platform::rate_limits::{Key, Shaping},
};

use self::{
    dto::{DirectoryCard, Found, SetSizes, Suggested},
    query::{SearchParameters, SuggestionQuery},
};
use crate::{
    areas::prelude::*,
    list::WithMore,
    problem::{Answer, problems},
};

routes! { search_alumni, suggest_alumni, count_alumni }

problems! {
    ForGraduates: NotVerifiedAlumni, Unavailable;
    TooBroad: SearchTooBroad;
}

struct Directory;

impl List for Directory {
    type Filter = SearchParameters;
    type Item = Card;
    type Entry = DirectoryCard;
    type Position = DirectoryPosition;
    const MAX_LIMIT: u32 = MAX_PEOPLE;
    const SORTS: [&'static str; 2] = ["name", "-name"];
    const OTHER_SORTS: &'static [(&'static str, bool)] =
        &[("-year", false), ("year", true), ("relevance", false)];

    fn position(card: &Card) -> DirectoryPosition {
        card.position.clone()
    }
}

/// Search the directory of graduates.
///
/// Lists members who agreed to it, with what each of them shows to graduates. What a member hides is absent from the
/// card, and neither matches, filters, sorts nor counts. Words of a name match in any order, in any known spelling, and
/// with a typing error or two. With `q` the usual order is `relevance`; without it, `name`. `-year` is the newest class
/// first. Values of one facet are alternatives; a department or faculty and a year mean one award. A search with too
/// many matches answers whole names first, and `narrow` names the facets that would help. Takes a verified account, and
/// counts every card of the daily budget.
#[utoipa::path(
    tag = "directory",
    params(Page::<Directory>),
    responses(
        (status = 200, description = "A page of cards.", body = WithMore<DirectoryCard, Found>),
        ForGraduates, TooBroad,
    ),
)]
#[get("/alumni")]
async fn search_alumni(
    alumni: Alumni,
    caller: CurrentUser,
    limits: Limits,
    page: Page<Directory>,
) -> Answer {
    let user = caller.0.user;
    limits.take(Shaping::Directory, Key::User(user))?;
    let search: DirectorySearch = page.filter;
    let results = alumni
        .directory
        .search(caller.0, search.clone(), page.request);
    let results = results.await?;
    limits.note(
        alumni
            .directory
            .spend(user, cards(results.page.items.len()))?,
    );
    let found = Found::of(
        &search,
        results.facets,
        results.facets_omitted,
        &results.narrow,
    );
    page.reply.with_more(results.page, found)
}

/// Suggest names, people, employers and skills.
///
/// For a text that a person types: one or two letters suggest people alone, whose surname begins so. Names are those
/// that several members have. Ids of employers and skills are filters of `GET /alumni`. Wait about 150 ms after a key
/// before you ask. Takes a verified account; people count of the daily budget of cards.
#[utoipa::path(
    tag = "directory",
    params(SuggestionQuery),
    responses((status = 200, description = "Suggestions.", body = Suggested), ForGraduates),
)]
#[get("/alumni/suggest")]
async fn suggest_alumni(
    alumni: Alumni,
    caller: CurrentUser,
    limits: Limits,
    query: SuggestionQuery,
) -> Answer<Json<Suggested>> {
    let user = caller.0.user;
    limits.take(Shaping::Suggestions, Key::User(user))?;
    let suggestions = alumni.directory.suggest(caller.0, query.text).await?;
    limits.note(
        alumni
            .directory
            .spend(user, cards(suggestions.people.len()))?,
    );
    Ok(Json(suggestions.into()))
}

/// Count graduates by faculty, department and year.
///
/// For accounts that are not verified yet: sizes of fixed sets, counted at night. A set of fewer than ten shows `<10`,
/// every other size is rounded down to a multiple of five.
#[utoipa::path(
    tag = "directory",
    responses((status = 200, description = "Sizes of sets.", body = SetSizes), Overload),
)]
#[get("/alumni/counts")]
async fn count_alumni(alumni: Alumni, caller: CurrentUser) -> Answer<Json<SetSizes>> {
    Ok(Json(alumni.directory.counts(caller.0).await?.into()))
}

fn cards(shown: usize) -> u32 {
    u32::try_from(shown).unwrap_or(u32::MAX)
}
