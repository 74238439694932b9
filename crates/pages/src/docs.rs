//! The description of the API, and a page to read and try it on, while `docs.enabled` says so.
//!
//! The page's files are inside the program, so it works without any other host.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use actix_web::{
    Error, HttpRequest,
    error::ErrorInternalServerError,
    get,
    web::{Data, Path},
};
use parking_lot::Mutex;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::{
    Answer, Pages,
    asset::{Asset, Delivery},
    not_found, see,
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

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(root)
        .service(docs)
        .service(docs_folder)
        .service(docs_file)
        .service(openapi);
}

/// Go to the documentation.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To `/docs`.")),
)]
#[get("/")]
async fn root(pages: Data<Pages>) -> Answer {
    pages.require_docs()?;
    Ok(see("/docs"))
}

/// Read and try the API.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page.")),
)]
#[get("/docs")]
async fn docs(pages: Data<Pages>) -> Answer {
    pages.require_docs()?;
    // The page names its files relative to itself, so it must be inside the folder.
    Ok(see("/docs/index.html"))
}

/// Read and try the API, by the folder's address.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page.")),
)]
#[get("/docs/")]
async fn docs_folder(pages: Data<Pages>) -> Answer {
    pages.require_docs()?;
    Ok(see("/docs/index.html"))
}

/// Get a file of the documentation page.
#[utoipa::path(
    tag = "documentation",
    params(("file" = String, Path, description = "Its name.", example = "index.html")),
    responses((status = 200, description = "The file.", content_type = "text/html", body = String)),
)]
#[get("/docs/{file}")]
async fn docs_file(pages: Data<Pages>, name: Path<String>, request: HttpRequest) -> Answer {
    pages.require_docs()?;
    let delivery = Delivery {
        policy: Some(PAGE_POLICY),
        cache: CACHE,
    };
    file(&name)?.answer(&request, delivery).await
}

fn file(name: &str) -> Result<Arc<Asset>, Error> {
    let mut files = FILES.lock();
    if let Some(known) = files.get(name) {
        return Ok(Arc::clone(known));
    }
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&PAGE))
        .map_err(|error| ErrorInternalServerError(error.to_string()))?;
    let SwaggerFile {
        bytes,
        content_type,
        ..
    } = file.ok_or_else(not_found)?;
    let asset = Arc::new(Asset::new(content_type, bytes.into_owned()));
    files.insert(name.to_owned(), Arc::clone(&asset));
    Ok(asset)
}

/// Get the description of the API.
#[utoipa::path(
    tag = "documentation",
    responses((status = 200, description = "An OpenAPI document.", body = Object)),
)]
#[get("/openapi.json")]
async fn openapi(pages: Data<Pages>, request: HttpRequest) -> Answer {
    pages.require_docs()?;
    let delivery = Delivery {
        policy: None,
        cache: CACHE,
    };
    pages.openapi.answer(&request, delivery).await
}
