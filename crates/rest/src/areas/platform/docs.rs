//! The description of the API, and a page to read and try it on.
//!
//! The page's files are inside the program, so it works without any other host.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentType},
    web::{Data, Path},
};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::{
    openapi::Api,
    problem::{Answer, Problem, problems},
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

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(root)
        .service(docs)
        .service(docs_folder)
        .service(docs_file)
        .service(openapi);
}

problems! {
    FileProblems: NotFound;
}

/// Go to the documentation.
#[utoipa::path(tag = "documentation", responses((status = 303, description = "To `/docs`.")))]
#[get("/")]
async fn root() -> HttpResponse {
    see("/docs")
}

/// Read and try the API.
#[utoipa::path(tag = "documentation", responses((status = 303, description = "To the page.")))]
#[get("/docs")]
async fn docs() -> HttpResponse {
    // The page names its files relative to itself, so it must be inside the folder.
    see("/docs/index.html")
}

/// Read and try the API, by the folder's address.
#[utoipa::path(tag = "documentation", responses((status = 303, description = "To the page.")))]
#[get("/docs/")]
async fn docs_folder() -> HttpResponse {
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
    responses((status = 200, description = "The file.", content_type = "text/html", body = String), FileProblems),
)]
#[get("/docs/{file}")]
async fn docs_file(path: Path<FilePath>) -> Answer {
    let file = utoipa_swagger_ui::serve(&path.file, Arc::clone(&PAGE))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let SwaggerFile {
        bytes,
        content_type,
        ..
    } = file.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::CACHE_CONTROL, CACHE))
        .body(bytes.into_owned()))
}

/// Get the description of the API.
#[utoipa::path(
    tag = "documentation",
    responses((status = 200, description = "An OpenAPI document.", body = Object)),
)]
#[get("/openapi.json")]
async fn openapi(api: Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, CACHE))
        .body(api.json.clone())
}
