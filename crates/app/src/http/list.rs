//! Lists, page by page.
//!
//! A route that lists something names its filters, its largest page and the position a page ends at
//! as a [`List`], takes a [`Page`] of it, and answers through it. Cursors, limits, links and the
//! refusal of everything wrong come with that.

use std::future::{Ready, ready};

use abu_domain::Violation;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{input::QueryFields, problem::Problem};
use crate::state::AppState;

/// How many there are on a page unless the client says otherwise.
const DEFAULT_LIMIT: u32 = 20;

/// The parameters of every list.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Page` reads")]
pub(super) struct PageParameters {
    /// How many to answer at most; lists of people go up to 50, all others to 100.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<u32>,
    /// Where to go on: the `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Something that is listed.
pub(super) trait List: 'static {
    /// What narrows it.
    type Filter;
    /// Where a page ends and the next one goes on.
    type Position: Serialize + DeserializeOwned;
    /// The largest page.
    const MAX_LIMIT: u32;

    /// Reads the filter; `None` where a parameter that must be there is not.
    fn filter(query: &mut QueryFields) -> Option<Self::Filter>;
}

/// A page that is asked for.
pub(super) struct Page<L: List> {
    /// What narrows the list.
    pub filter: L::Filter,
    /// Where the page before ended.
    pub after: Option<L::Position>,
    /// How many to show at most.
    pub limit: u32,
    address: Address,
}

/// A page as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = List)]
pub(super) struct ListBody<T> {
    /// The entries.
    items: Vec<T>,
    /// What to send as `cursor` to get the next page; null at the end.
    #[schema(example = "q3n8Xv0mT2sJ5cK1b7yZ4nsiY3JlYXRlZF9hdCI6IjIwMjYifQ")]
    next_cursor: Option<String>,
}

impl<L: List> FromRequest for Page<L> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<L: List> Page<L> {
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let mut query = QueryFields::parse(request.query_string());
        let limit = query.optional("limit", |text| parse_limit(text, L::MAX_LIMIT));
        let cursor = query.optional("cursor", |text| Ok(text.to_owned()));
        let filter = L::filter(&mut query);
        let filter = query.finish(filter)?;
        let address = Address::of(request);
        let codec = &AppState::of(request).http.cursors;
        let after = cursor
            .map(|cursor| codec.decode(&address.list(), &cursor))
            .transpose()?;
        Ok(Self {
            filter,
            after,
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            address,
        })
    }

    /// How many to ask the store for: one more than is shown tells whether there is a next page.
    pub(super) fn probe(&self) -> u32 {
        self.limit + 1
    }

    /// Cuts off what was asked for beyond the page, and returns where the page then ends if
    /// something was.
    pub(super) fn cut<T>(
        &self,
        items: &mut Vec<T>,
        position: impl FnOnce(&T) -> L::Position,
    ) -> Option<L::Position> {
        let limit = self.limit as usize;
        let beyond = items.len() > limit;
        items.truncate(limit);
        items.last().filter(|_| beyond).map(position)
    }

    /// The answer: the entries, and how to get those after `next`.
    ///
    /// # Errors
    /// `internal-error` where the position has no JSON form.
    pub(super) fn answer<T: Serialize>(
        self,
        state: &AppState,
        items: Vec<T>,
        next: Option<L::Position>,
    ) -> Result<HttpResponse, Problem> {
        let next_cursor = next
            .map(|next| state.http.cursors.encode(&self.address.list(), &next))
            .transpose()?;
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = &next_cursor {
            let link = self.address.next(self.limit, cursor);
            response.insert_header((header::LINK, format!("<{link}>; rel=\"next\"")));
        }
        Ok(response.json(ListBody { items, next_cursor }))
    }
}

fn parse_limit(text: &str, max: u32) -> Result<u32, Violation> {
    match text.parse() {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        _ if max == 50 => Err(Violation {
            code: "limit.range",
            rule: "must be a number from 1 to 50",
        }),
        _ => Err(Violation {
            code: "limit.range",
            rule: "must be a number from 1 to 100",
        }),
    }
}

/// A list's path and filters, apart from the page.
struct Address {
    path: String,
    filters: Vec<(String, String)>,
}

impl Address {
    fn of(request: &HttpRequest) -> Self {
        let mut filters: Vec<(String, String)> =
            form_urlencoded::parse(request.query_string().as_bytes())
                .into_owned()
                .filter(|(name, _)| name != "limit" && name != "cursor")
                .collect();
        filters.sort();
        Self {
            path: request.path().to_owned(),
            filters,
        }
    }

    /// What a cursor is bound to: the same for the same filters in any order.
    fn list(&self) -> String {
        format!("{}?{}", self.path, self.query().finish())
    }

    fn next(&self, limit: u32, cursor: &str) -> String {
        let query = self
            .query()
            .append_pair("limit", &limit.to_string())
            .append_pair("cursor", cursor)
            .finish();
        format!("{}?{query}", self.path)
    }

    fn query(&self) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query
    }
}
