#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod asset;
mod console;
mod docs;
mod document;
mod problem_pages;

use std::collections::HashMap;

use actix_web::{
    Error, HttpResponse,
    error::ErrorNotFound,
    http::{StatusCode, header},
};
use utoipa_actix_web::service_config::ServiceConfig;

use asset::Asset;

/// What a handler answers with.
type Answer = Result<HttpResponse, Error>;

/// What the operator decides about pages.
#[derive(Clone, Copy, Debug)]
pub struct PageSettings {
    pub console: bool,
    /// `/docs`, and the OpenAPI document.
    pub docs: bool,
}

/// A kind of problem, as its page explains it.
#[derive(Clone, Copy, Debug)]
pub struct ProblemPage {
    /// The end of the page's address.
    pub slug: &'static str,
    pub title: &'static str,
    pub explanation: &'static str,
    pub status: StatusCode,
}

/// What the pages show: application data of the server that mounts them.
pub struct Pages {
    settings: PageSettings,
    openapi: Asset,
    /// By the slugs of their kinds.
    problems: HashMap<&'static str, Asset>,
}

impl Pages {
    /// `openapi` is the API description in JSON.
    pub fn new(
        settings: PageSettings,
        openapi: String,
        problems: impl IntoIterator<Item = ProblemPage>,
    ) -> Self {
        let problems = problems.into_iter();
        Self {
            settings,
            openapi: Asset::new("application/json", openapi),
            problems: problems
                .map(|problem| (problem.slug, problem_pages::page(&problem)))
                .collect(),
        }
    }

    fn require_console(&self) -> Result<(), Error> {
        require(self.settings.console)
    }

    fn require_docs(&self) -> Result<(), Error> {
        require(self.settings.docs)
    }
}

/// Declares the routes, all with the tag `documentation`. Each answers 404 while its part is off.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(docs::configure)
        .configure(console::configure)
        .configure(problem_pages::configure);
}

fn require(is_on: bool) -> Result<(), Error> {
    is_on.then_some(()).ok_or_else(not_found)
}

fn not_found() -> Error {
    ErrorNotFound("There is nothing at this address.")
}

fn see(address: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}
