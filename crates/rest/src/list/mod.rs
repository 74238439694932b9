//! Lists, page by page.
//!
//! A route that lists something names its entries, its filters, its largest page and the position of
//! an entry as a [`List`], takes a [`Page`] of it, calls a use case with the page's request, and
//! answers through its [`Reply`]. Cursors, limits, totals, sparse entries, links and the refusal of
//! everything wrong come with that.

mod address;
mod body;
mod cursor;
mod fields;
mod position;

use std::{
    collections::BTreeSet,
    future::{Ready, ready},
    marker::PhantomData,
};

use abu_application::platform::lists::{ListRequest, Listed, Seek};
use abu_domain::Violation;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use self::{
    address::Address,
    body::{NoMore, Sparse},
    position::{Position, WireSeek},
};
use super::{
    input::{IntoDraft, Query, flag},
    problem::Problem,
};
use crate::{openapi::Api, shared::shared};

pub(crate) use body::{ListBody, WithMore};
pub use cursor::CursorCodec;
pub(crate) use fields::EntryFields;

const DEFAULT_LIMIT: u32 = 20;

pub(crate) const MAX_PEOPLE: u32 = 50;

/// The parameters of every list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// How many to answer at most; lists of people go up to 50, all others to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<String>,
    /// Where to go on: the `next_cursor` or `prev_cursor` of another page, with the same filters.
    cursor: Option<String>,
    /// Whether to count the whole list; `total` says how many there are, exactly up to 10,000.
    #[param(value_type = Option<bool>, default = false, example = false)]
    count: Option<String>,
    /// Which fields of each entry to send, their names separated by commas; without it, all of them.
    fields: Option<String>,
    #[param(ignore)]
    sort: Option<String>,
}

pub(crate) trait List: 'static {
    type Filter: IntoDraft + IntoParams;
    type Item;
    type Entry: From<Self::Item> + Serialize + ToSchema;
    type Position: Position;
    const MAX_LIMIT: u32 = 100;
    /// The values of `sort`: the order of the use case, which is the default, and its reverse.
    const SORTS: [&'static str; 2];
    /// Further values of `sort`, each with whether it is the reverse of its order. The filter reads which order it is.
    const OTHER_SORTS: &'static [(&'static str, bool)] = &[];

    fn position(item: &Self::Item) -> Self::Position;
}

pub(crate) struct Page<L: List> {
    pub filter: <L::Filter as IntoDraft>::Draft,
    pub request: ListRequest<L::Position>,
    pub reply: Reply<L>,
}

pub(crate) struct Reply<L> {
    cursors: Data<CursorCodec>,
    address: Address,
    limit: u32,
    fields: Option<BTreeSet<String>>,
    reversed: bool,
    list: PhantomData<L>,
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
        let cursors = shared::<CursorCodec>(request).clone();
        let entry_fields = &shared::<Api>(request).entry_fields;
        let mut query = Query::parse(request.query_string());
        let page: PageParameters = query.read()?;
        let filter: L::Filter = query.read()?;
        let violations = &mut query.violations;
        let limit =
            violations.optional("limit", page.limit, |text| parse_limit(text, L::MAX_LIMIT));
        let cursor = violations.optional("cursor", page.cursor, |text| Ok(text.to_owned()));
        let count = violations.optional("count", page.count, flag);
        let fields = entry_fields.chosen::<L::Entry>(page.fields, violations);
        let sort = violations.optional("sort", page.sort, parse_sort::<L>);
        let filter = filter.into_draft(violations);
        let filter = query.violations.finish(filter)?;

        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let address = Address::of(request);
        let seek = match cursor {
            Some(cursor) => {
                let seek: WireSeek<<L::Position as Position>::Wire> =
                    cursors.decode(&address.list(), &cursor)?;
                Seek::from(seek).map(L::Position::from_wire)
            }
            None => Seek::START,
        };
        let reversed = sort.unwrap_or(false);
        Ok(Self {
            filter,
            request: ListRequest {
                seek: if reversed { seek.reversed() } else { seek },
                limit,
                count: count.unwrap_or(false),
            },
            reply: Reply {
                cursors,
                address,
                limit,
                fields,
                reversed,
                list: PhantomData,
            },
        })
    }
}

impl<L: List> Reply<L> {
    pub(crate) fn with(self, listed: Listed<L::Item>) -> Result<HttpResponse, Problem> {
        self.with_more(listed, NoMore {})
    }

    /// Answers with the page and further fields beside it.
    pub(crate) fn with_more(
        self,
        listed: Listed<L::Item>,
        more: impl Serialize,
    ) -> Result<HttpResponse, Problem> {
        let listed = match self.reversed {
            true => listed.reversed(),
            false => listed,
        };
        let position = |item: Option<&L::Item>| item.map(L::position);
        let (first, last) = (listed.items.first(), listed.items.last());
        let next = listed.after.then(|| Seek::After(position(last)));
        let prev = listed.before.then(|| Seek::Before(position(first)));
        let (next_cursor, prev_cursor) = (self.cursor(next)?, self.cursor(prev)?);

        let mut response = HttpResponse::Ok();
        let links: Vec<String> = [(&next_cursor, "next"), (&prev_cursor, "prev")]
            .into_iter()
            .filter_map(|(cursor, relation)| Some(self.link(cursor.as_deref()?, relation)))
            .collect();
        if !links.is_empty() {
            response.insert_header((header::LINK, links.join(", ")));
        }
        let entries = listed.items.into_iter().map(L::Entry::from);
        let list = ListBody {
            items: entries
                .map(|entry| Sparse::new(entry, self.fields.as_ref()))
                .collect(),
            next_cursor,
            prev_cursor,
            total: listed.total.map(Into::into),
        };
        Ok(response.json(WithMore { list, more }))
    }

    fn cursor(&self, seek: Option<Seek<L::Position>>) -> Result<Option<String>, Problem> {
        seek.map(|seek| {
            let seek = WireSeek::from(seek.map(Position::to_wire));
            self.cursors.encode(&self.address.list(), &seek)
        })
        .transpose()
    }

    fn link(&self, cursor: &str, relation: &str) -> String {
        let address = self.address.page(self.limit, cursor);
        format!("<{address}>; rel=\"{relation}\"")
    }
}

impl<L: List> IntoParams for Page<L> {
    fn into_params(provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let others = L::OTHER_SORTS.iter().map(|(name, _)| *name);
        let all: Vec<&str> = L::SORTS.into_iter().chain(others).collect();
        let sorts = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(all))
            .default(Some(L::SORTS[0].into()))
            .build();
        let sort = ParameterBuilder::new()
            .name("sort")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(
                "The order of the entries; `-` before a field is descending.",
            ))
            .schema(Some(sorts))
            .build();
        let mut parameters = PageParameters::into_params(&provider);
        parameters.push(sort);
        parameters.extend(L::Filter::into_params(&provider));
        parameters
    }
}

/// Whether the list is read from its end.
fn parse_sort<L: List>(text: &str) -> Result<bool, Violation> {
    let own = L::SORTS.into_iter().zip([false, true]);
    let mut sorts = own.chain(L::OTHER_SORTS.iter().copied());
    match sorts.find(|(name, _)| *name == text) {
        Some((_, reversed)) => Ok(reversed),
        None => Err(Violation {
            code: "sort.unknown",
            rule: "must be one of the orders that the API's description lists",
        }),
    }
}

fn parse_limit(text: &str, max: u32) -> Result<u32, Violation> {
    match text.parse() {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        _ if max == MAX_PEOPLE => Err(Violation {
            code: "limit.range",
            rule: "must be a number from 1 to 50",
        }),
        _ => Err(Violation {
            code: "limit.range",
            rule: "must be a number from 1 to 100",
        }),
    }
}
