//! Parameters of the directory's routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Ready, ready},
};

use abu_application::alumni::directory::{DirectorySearch, FacetCodes};
use abu_domain::alumni::{
    directory::{Facet, Order, city_value},
    names,
    register::award_year,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::{areas::prelude::*, input::Query};

/// What narrows the directory. Values of one parameter are alternatives.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParameters {
    /// Words of a name, in any order.
    #[param(example = "fatima bello", min_length = 2, max_length = 100)]
    q: Option<String>,
    /// The code of a faculty; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["engineering"]))]
    faculty: Option<String>,
    /// The code of a department; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["computer-science"]))]
    department: Option<String>,
    /// The code of a programme; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["bsc-computer-science"]))]
    programme: Option<String>,
    /// The code of a degree; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["bsc"]))]
    degree: Option<String>,
    /// The year of an award; repeated, any of several.
    #[param(value_type = Option<Vec<i16>>, minimum = 1962, maximum = 2100, example = json!([2015]))]
    year: Option<String>,
    /// The first year of an award.
    #[param(value_type = Option<i16>, minimum = 1962, maximum = 2100, example = 2010)]
    year_from: Option<String>,
    /// The last year of an award.
    #[param(value_type = Option<i16>, minimum = 1962, maximum = 2100, example = 2019)]
    year_to: Option<String>,
    /// The code of a state of residence; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["kaduna"]))]
    state: Option<String>,
    /// The code of a country of residence; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["NG"]))]
    country: Option<String>,
    /// A city of residence; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["Zaria"]))]
    city: Option<String>,
    /// The code of an industry; repeated, of any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["education"]))]
    industry: Option<String>,
    /// The id of an employer, as suggestions have it; repeated, any of several.
    #[param(value_type = Option<Vec<Uuid>>, example = json!(["5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42"]))]
    employer: Option<String>,
    /// The id of a skill, as suggestions have it; repeated, any of several.
    #[param(value_type = Option<Vec<Uuid>>, example = json!(["7c0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44"]))]
    skill: Option<String>,
    /// Facets to count, their names separated by commas: the parameters above except `q`.
    #[param(example = "year,department", max_length = 100)]
    facets: Option<String>,
    #[param(ignore)]
    sort: Option<String>,
}

impl IntoDraft for SearchParameters {
    type Draft = DirectorySearch;

    fn into_draft(self, violations: &mut Violations) -> Option<DirectorySearch> {
        let name = |text: &str| short_text(text).and_then(|text| names::Query::parse(&text));
        let year = |text: &str| award_year(text.parse().unwrap_or_default());
        let codes = [
            ("faculty", Facet::Faculty, self.faculty),
            ("department", Facet::Department, self.department),
            ("programme", Facet::Programme, self.programme),
            ("degree", Facet::Degree, self.degree),
            ("state", Facet::State, self.state),
            ("country", Facet::Country, self.country),
            ("industry", Facet::Industry, self.industry),
        ];
        let codes: BTreeMap<Facet, Vec<String>> = codes
            .into_iter()
            .map(|(name, facet, text)| (facet, violations.any_of(name, text, short_text)))
            .filter(|(_, codes)| !codes.is_empty())
            .collect();
        Some(DirectorySearch {
            name: violations.optional("q", self.q, name),
            filter: FacetCodes {
                codes,
                years: violations.any_of("year", self.year, year),
                year_from: violations.optional("year_from", self.year_from, year),
                year_to: violations.optional("year_to", self.year_to, year),
                cities: violations.any_of("city", self.city, city),
                employers: violations.any_of("employer", self.employer, uuid),
                skills: violations.any_of("skill", self.skill, uuid),
            },
            facets: violations
                .optional("facets", self.facets, facets)
                .unwrap_or_default(),
            order: self.sort.as_deref().and_then(order),
        })
    }
}

fn city(text: &str) -> Result<String, Violation> {
    city_value(&short_text(text)?).ok_or(Violation {
        code: "city.invalid",
        rule: "must have a letter",
    })
}

/// The list of the sorts is checked where it is declared.
fn order(sort: &str) -> Option<Order> {
    match sort {
        "name" | "-name" => Some(Order::Name),
        "year" | "-year" => Some(Order::Year),
        _ => None,
    }
}

fn facets(text: &str) -> Result<BTreeSet<Facet>, Violation> {
    let facets = text.split(',').map(Facet::from_name);
    let facets: Option<BTreeSet<Facet>> = facets.collect();
    facets.ok_or(Violation {
        code: "facets.unknown",
        rule: "must be names of facets, separated by commas",
    })
}

/// The beginning of a name.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SuggestionParameters {
    /// What was typed so far.
    #[param(example = "bel", min_length = 1, max_length = 100, required = true)]
    q: Option<String>,
}

impl IntoDraft for SuggestionParameters {
    type Draft = String;

    fn into_draft(self, violations: &mut Violations) -> Option<String> {
        let text = violations.optional("q", self.q, short_text);
        violations.required("q", text)
    }
}

/// The query of suggestions.
pub(super) struct SuggestionQuery {
    pub(super) text: String,
}

impl FromRequest for SuggestionQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl SuggestionQuery {
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let mut query = Query::parse(request.query_string());
        let parameters: SuggestionParameters = query.read()?;
        let text = parameters.into_draft(&mut query.violations);
        let text = query.violations.finish(text)?;
        Ok(Self { text })
    }
}

impl utoipa::IntoParams for SuggestionQuery {
    fn into_params(
        provider: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        SuggestionParameters::into_params(provider)
    }
}
