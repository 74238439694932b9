//! The description of the API, and a page to read and try it on, while `docs.enabled` says so.
//!
//! The page's files are inside the program, so it works without any other host.

use std::{
    collections::HashMap,
    future::{Ready, ready},
    sync::{Arc, LazyLock},
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    get,
    http::header,
    web::{Data, Path},
};
use parking_lot::Mutex;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::asset::{Asset, Delivery};
use crate::{
    openapi::Api,
    problem::{Answer, Problem, problems},
    shared::{BrowserPolicy, shared},
};

/// Scripts, styles and data from this server alone; the page sets styles on its own elements, and its
/// icons are in its style sheet.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// An hour: the files change with the program alone.
const CACHE: &str = "public, max-age=3600";

static PAGE: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/openapi.json")
        // Otherwise the page asks a host on the internet to validate the description.
        .validator_url("none")
        .display_request_duration(true);
    Arc::new(config)
});

/// Files that were asked for. Only names that exist get in.
static FILES: LazyLock<Mutex<HashMap<String, Arc<Asset>>>> = LazyLock::new(Mutex::default);

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(root)
        .service(docs)
        .service(docs_folder)
        .service(docs_file)
        .service(openapi);
}

/// Requests that find the documentation here. Where it is off there is nothing at its addresses.
struct SwitchedOn;

impl FromRequest for SwitchedOn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(match shared::<BrowserPolicy>(request).docs {
            true => Ok(Self),
            false => Err(Problem::not_found()),
        })
    }
}

problems! {
    DocsProblems: NotFound;
}

/// Go to the documentation.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To `/docs`."), DocsProblems),
)]
#[get("/")]
async fn root(_on: SwitchedOn) -> HttpResponse {
    see("/docs")
}

/// Read and try the API.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page."), DocsProblems),
)]
#[get("/docs")]
async fn docs(_on: SwitchedOn) -> HttpResponse {
    // The page names its files relative to itself, so it must be inside the folder.
    see("/docs/index.html")
}

/// Read and try the API, by the folder's address.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page."), DocsProblems),
)]
#[get("/docs/")]
async fn docs_folder(_on: SwitchedOn) -> HttpResponse {
    see("/docs/index.html")
}

fn see(address: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}

/// The path of a file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct FilePath {
    /// Its name.
    #[param(example = "index.html")]
    file: String,
}

/// Get a file of the documentation page.
#[utoipa::path(
    tag = "documentation",
    params(FilePath),
    responses((status = 200, description = "The file.", content_type = "text/html", body = String), DocsProblems),
)]
#[get("/docs/{file}")]
async fn docs_file(_on: SwitchedOn, path: Path<FilePath>, request: HttpRequest) -> Answer {
    let delivery = Delivery {
        policy: Some(PAGE_POLICY),
        cache: CACHE,
    };
    file(&path.file)?.answer(&request, delivery).await
}

fn file(name: &str) -> Result<Arc<Asset>, Problem> {
    let mut files = FILES.lock();
    if let Some(known) = files.get(name) {
        return Ok(Arc::clone(known));
    }
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&PAGE))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let SwaggerFile {
        bytes,
        content_type,
        ..
    } = file.ok_or_else(Problem::not_found)?;
    let asset = Arc::new(Asset::new(content_type, bytes.into_owned()));
    files.insert(name.to_owned(), Arc::clone(&asset));
    Ok(asset)
}

/// Get the description of the API.
#[utoipa::path(
    tag = "documentation",
    responses((status = 200, description = "An OpenAPI document.", body = Object), DocsProblems),
)]
#[get("/openapi.json")]
async fn openapi(_on: SwitchedOn, api: Data<Api>, request: HttpRequest) -> Answer {
    let delivery = Delivery {
        policy: None,
        cache: CACHE,
    };
    api.document.answer(&request, delivery).await
}
