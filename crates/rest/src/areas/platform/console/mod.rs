//! The console: a page on which a developer chats as two people, sees every packet, and reads about
//! each; for as long as `console.enabled` says so.
//!
//! Its files lie in `crates/rest/console` and are inside the program, as are the documents.

mod document;

use std::{
    future::{Ready, ready},
    sync::LazyLock,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use crate::{
    areas::prelude::*,
    shared::{BrowserPolicy, shared},
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

struct File {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($name:literal: $content_type:expr;)*) => {
        &[$(File {
            name: $name,
            content_type: $content_type,
            text: include_str!(concat!("../../../../console/", $name)),
        }),*]
    };
}

const FILES: &[File] = files! {
    "index.html": HTML;
    "theme.css": CSS;
    "console.css": CSS;
    "document.css": CSS;
    "console.js": SCRIPT;
    "api.js": SCRIPT;
    "connection.js": SCRIPT;
    "dom.js": SCRIPT;
    "json.js": SCRIPT;
    "log.js": SCRIPT;
    "pane.js": SCRIPT;
    "room.js": SCRIPT;
    "sender.js": SCRIPT;
    "icon.svg": "image/svg+xml";
};

/// Made from the types of the packets, as are the pages' texts.
const PACKETS: File = File {
    name: "packets.json",
    content_type: "application/json",
    text: include_str!("../../../../../../docs/protocol/packets.json"),
};

static REFERENCE: LazyLock<String> =
    LazyLock::new(|| document::page(include_str!("../../../../../../docs/protocol/reference.md")));

static GUIDE: LazyLock<String> =
    LazyLock::new(|| document::page(include_str!("../../../../../../docs/chat-protocol.md")));

routes! { console, console_folder, console_file }

/// Requests that find the console here. Where it is off there is nothing at its addresses.
struct SwitchedOn;

impl FromRequest for SwitchedOn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(match shared::<BrowserPolicy>(request).console {
            true => Ok(Self),
            false => Err(Problem::not_found()),
        })
    }
}

/// The path of a file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct FilePath {
    /// Its name; `packets` and `guide` are the chat's documentation.
    #[param(example = "packets")]
    file: String,
}

problems! {
    ConsoleProblems: NotFound;
}

/// Try the chat as two people.
///
/// A page for developers that shows every packet. There only where the operator turned it on.
#[utoipa::path(
    tag = "documentation",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String), ConsoleProblems),
)]
#[get("/console")]
async fn console(_on: SwitchedOn) -> Answer {
    file("index.html")
}

/// Try the chat, by the folder's address.
#[utoipa::path(
    tag = "documentation",
    responses((status = 303, description = "To the page."), ConsoleProblems),
)]
#[get("/console/")]
async fn console_folder(_on: SwitchedOn) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/console"))
        .finish()
}

/// Get a file of the console, or read the chat's documentation.
#[utoipa::path(
    tag = "documentation",
    params(FilePath),
    responses((status = 200, description = "The file.", content_type = "text/html", body = String), ConsoleProblems),
)]
#[get("/console/{file}")]
async fn console_file(_on: SwitchedOn, path: Path<FilePath>) -> Answer {
    file(&path.file)
}

fn file(name: &str) -> Answer {
    let known = FILES
        .iter()
        .chain([&PACKETS])
        .find(|file| file.name == name);
    let (content_type, text) = match (name, known) {
        ("packets", _) => (HTML, REFERENCE.as_str()),
        ("guide", _) => (HTML, GUIDE.as_str()),
        (_, Some(file)) => (file.content_type, file.text),
        (_, None) => return Err(Problem::not_found()),
    };
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::CACHE_CONTROL, CACHE))
        .body(text))
}
