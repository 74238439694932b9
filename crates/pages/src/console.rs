//! The console: a page on which a developer chats as two people, sees every packet, and reads about
//! each; the page on which the alumni office works; and the page "People" of members. All of them for as long as
//! `console.enabled` says so.
//!
//! Its files lie in `crates/pages/console` and are inside the program, as are the documents.

use std::{collections::HashMap, sync::LazyLock};

use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    Answer, Pages,
    asset::{Asset, Delivery},
    document, not_found, see,
};

/// The page has its scripts and styles in files and makes no element of text, so that nothing that came
/// over the network can run. `connect-src 'self'` lets it open the chat, too.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Kept, and asked for again each time: the scripts of two builds do not go together.
const CACHE: &str = "public, no-cache";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $content_type:expr;)*) => {
        [$((
            $name,
            Asset::new($content_type, include_str!(concat!("../console/", $name))),
        )),*]
    };
}

/// By their names.
static FILES: LazyLock<HashMap<&str, Asset>> = LazyLock::new(|| {
    let documents = [
        ("office", Asset::new(HTML, OFFICE)),
        ("people", Asset::new(HTML, PEOPLE)),
        // Made from the types of the packets, as are the pages' texts.
        ("packets.json", Asset::new("application/json", PACKETS)),
        ("packets", Asset::new(HTML, document::page(REFERENCE))),
        ("guide", Asset::new(HTML, document::page(GUIDE))),
    ];
    page_files().into_iter().chain(documents).collect()
});

const OFFICE: &str = include_str!("../console/office.html");
const PEOPLE: &str = include_str!("../console/people.html");
const PACKETS: &str = include_str!("../../../docs/protocol/packets.json");
const REFERENCE: &str = include_str!("../../../docs/protocol/reference.md");
const GUIDE: &str = include_str!("../../../docs/chat-protocol.md");

#[rustfmt::skip]
fn page_files() -> [(&'static str, Asset); 37] {
    files! {
        "index.html": HTML;
        "theme.css": CSS;
        "controls.css": CSS;
        "console.css": CSS;
        "document.css": CSS;
        "layout.css": CSS;
        "console.js": SCRIPT;
        "api.js": SCRIPT;
        "connection.js": SCRIPT;
        "dom.js": SCRIPT;
        "json.js": SCRIPT;
        "log.js": SCRIPT;
        "pane.js": SCRIPT;
        "room.js": SCRIPT;
        "sender.js": SCRIPT;
        "shell.js": SCRIPT;
        "view.js": SCRIPT;
        "office.css": CSS;
        "office.js": SCRIPT;
        "office-claims.js": SCRIPT;
        "office-imports.js": SCRIPT;
        "office-invitations.js": SCRIPT;
        "office-upload.js": SCRIPT;
        "people.css": CSS;
        "people.js": SCRIPT;
        "people-about.js": SCRIPT;
        "people-combobox.js": SCRIPT;
        "people-entries.js": SCRIPT;
        "people-form.js": SCRIPT;
        "people-names.js": SCRIPT;
        "people-own.js": SCRIPT;
        "people-preview.js": SCRIPT;
        "people-privacy.js": SCRIPT;
        "people-profile.js": SCRIPT;
        "people-search.js": SCRIPT;
        "people-skills.js": SCRIPT;
        "icon.svg": "image/svg+xml";
    }
}

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(console)
        .service(console_folder)
        .service(console_file);
}

/// Try the chat as two people.
///
/// A page for developers that shows every packet. There only where the operator turned it on.
#[utoipa::path(
    tag = "documentation",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)),
)]
#[get("/console")]
async fn console(pages: Data<Pages>, request: HttpRequest) -> Answer {
    pages.require_console()?;
    file("index.html", &request).await
}

/// Try the chat, by the folder's address.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page.")),
)]
#[get("/console/")]
async fn console_folder(pages: Data<Pages>) -> Answer {
    pages.require_console()?;
    Ok(see("/console"))
}

/// Get a file of the console, or read the chat's documentation.
#[utoipa::path(
    tag = "documentation",
    params(("file" = String, Path, description = "Its name; `office` is the page of the alumni office, `people` that of members, `packets` and `guide` are the chat's documentation.", example = "packets")),
    responses((status = 200, description = "The file.", content_type = "text/html", body = String)),
)]
#[get("/console/{file}")]
async fn console_file(pages: Data<Pages>, name: Path<String>, request: HttpRequest) -> Answer {
    pages.require_console()?;
    file(&name, &request).await
}

async fn file(name: &str, request: &HttpRequest) -> Answer {
    let delivery = Delivery {
        policy: Some(PAGE_POLICY),
        cache: CACHE,
    };
    let asset = FILES.get(name).ok_or_else(not_found)?;
    asset.answer(request, delivery).await
}
