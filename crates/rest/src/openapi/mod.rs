//! The OpenAPI document, generated from the handlers.

use actix_web::{App, http::header::HeaderName};
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Header, KnownFormat, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, SchemaFormat,
        Type,
        header::HeaderBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBody,
        security::{
            ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes,
            SecurityRequirement, SecurityScheme,
        },
    },
};
use utoipa_actix_web::AppExt;

use super::{
    areas,
    list::EntryFields,
    middleware::{
        conditional,
        documented::DocumentedRoutes,
        idempotency::{self, ReplayedRoutes},
        rate_limit,
    },
    problem::{self, ProblemKind, add_problem},
};

/// The name of the access token in `security(…)`.
pub(crate) const BEARER: &str = "bearer";

/// The name of the form that gets one, in the documentation.
const PASSWORD_FORM: &str = "password";

pub(crate) struct Api {
    pub routes: DocumentedRoutes,
    pub(crate) entry_fields: EntryFields,
    pub replayed: ReplayedRoutes,
}

impl Api {
    /// With the document itself, in JSON.
    pub(crate) fn describe() -> (Self, String) {
        let description = description();
        #[expect(
            clippy::expect_used,
            reason = "it is made of texts and numbers, and is the same for every start"
        )]
        let json = description.to_json().expect("the description is JSON");
        let api = Self {
            routes: DocumentedRoutes::of(&description),
            entry_fields: EntryFields::of(&description),
            replayed: ReplayedRoutes::of(&description),
        };
        (api, json)
    }
}

fn description() -> OpenApi {
    let (_, mut description) = App::new()
        .into_utoipa_app()
        .openapi(Frame::openapi())
        .configure(areas::configure)
        .split_for_parts();
    if let Some(components) = &mut description.components {
        components.schemas.extend(problem::schemas());
        components.headers.extend(common_headers());
    }
    for (path, item) in &mut description.paths.paths {
        if let Some(get) = &mut item.get {
            conditional::describe_get(get);
        }
        for operation in operations_mut(item) {
            require_token(path, operation);
            conditional::describe_change(operation);
            add_common_problems(path, operation);
            allow_password_form(operation);
            if rate_limit::is_counted(path) {
                add_rate_limit(operation);
            }
        }
        if let Some(operation) = &mut item.post {
            add_idempotency_key(operation);
        }
    }
    description
}

fn common_headers() -> impl Iterator<Item = (String, RefOr<Header>)> {
    let headers = [
        (
            rate_limit::POLICY,
            "Of the rules that counted this request, the one that leaves least: `q` requests in `w` \
             seconds (draft-ietf-httpapi-ratelimit-headers).",
            "\"default\";q=300;w=60",
        ),
        (
            rate_limit::LIMIT,
            "What that rule leaves: `r` requests at once, and one more within `t` seconds.",
            "\"default\";r=299;t=1",
        ),
        (
            idempotency::REPLAYED,
            "`true` where this was answered before to a request with the same `Idempotency-Key`.",
            "true",
        ),
    ];
    headers.into_iter().map(|(name, about, example)| {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .examples([example]);
        let header = HeaderBuilder::new()
            .schema(Some(schema.build()))
            .description(Some(about))
            .build();
        (name.to_string(), RefOr::T(header))
    })
}

fn refer_to_header(response: &mut RefOr<Response>, name: &HeaderName) {
    if let RefOr::T(response) = response {
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response
            .headers
            .insert(name.to_string(), RefOr::Ref(reference));
    }
}

fn add_rate_limit(operation: &mut Operation) {
    add_problem(&mut operation.responses, ProblemKind::RateLimited);
    for (status, response) in &mut operation.responses.responses {
        if status.starts_with('2') || status == "429" {
            refer_to_header(response, &rate_limit::POLICY);
            refer_to_header(response, &rate_limit::LIMIT);
        }
    }
}

fn add_idempotency_key(operation: &mut Operation) {
    let replayed = idempotency::is_replayed("POST", operation);
    let about = match replayed {
        true => {
            "A UUID of your own for this request. Sent again within 24 hours with the same key and \
                 body, it is not carried out again but answered as before."
        }
        false => {
            "Taken and checked, but of no effect: the answer holds a secret, which is not kept, so \
                  a request that is sent again is carried out again."
        }
    };
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
    add_problem(&mut operation.responses, ProblemKind::IdempotencyKeyInvalid);
    if !replayed {
        return;
    }
    add_problem(&mut operation.responses, ProblemKind::Conflict);
    add_problem(&mut operation.responses, ProblemKind::IdempotencyKeyReused);
    for (status, response) in &mut operation.responses.responses {
        if status.starts_with('2') {
            refer_to_header(response, &idempotency::REPLAYED);
        }
    }
}

/// The API takes an access token, except where a handler declares `security(())`.
fn require_token(path: &str, operation: &mut Operation) {
    match &operation.security {
        Some(ways) if ways.contains(&SecurityRequirement::default()) => operation.security = None,
        None if path.starts_with(areas::BASE) => operation.security = Some(vec![bearer()]),
        _ => {}
    }
}

fn bearer() -> SecurityRequirement {
    SecurityRequirement::new(BEARER, [] as [&str; 0])
}

/// What can go wrong with any request of this form, so that no handler has to say it.
fn add_common_problems(path: &str, operation: &mut Operation) {
    let mut kinds = Vec::new();
    if has_parameter(operation, |parameter| parameter.name == "cursor") {
        kinds.extend([ProblemKind::CursorMismatch, ProblemKind::ValidationFailed]);
    }
    kinds.push(ProblemKind::UnknownParameter);
    if operation
        .security
        .as_ref()
        .is_some_and(|all| !all.is_empty())
    {
        kinds.extend([
            ProblemKind::AuthenticationRequired,
            ProblemKind::InvalidToken,
            ProblemKind::TokenExpired,
            ProblemKind::AccountSuspended,
            ProblemKind::Unavailable,
        ]);
        if !is_open_to_the_hidden(path) {
            kinds.push(ProblemKind::AccountDeactivated);
        }
    }
    let in_path = |parameter: &Parameter| parameter.parameter_in == ParameterIn::Path;
    // Nothing has a path of this form, or the page is off.
    if has_parameter(operation, in_path) || has_tag(operation, "documentation") {
        kinds.push(ProblemKind::NotFound);
    }
    if let Some(body) = &operation.request_body {
        if is_json(body) {
            kinds.push(ProblemKind::MalformedJson);
        }
        kinds.extend([
            ProblemKind::PayloadTooLarge,
            ProblemKind::UnsupportedMedia,
            ProblemKind::ValidationFailed,
        ]);
    }
    kinds.push(ProblemKind::InternalError);
    for kind in kinds {
        add_problem(&mut operation.responses, kind);
    }
}

/// Whether a deactivated account may use the path: it concerns the account itself.
fn is_open_to_the_hidden(path: &str) -> bool {
    match path {
        "/api/v1/auth/ws-ticket" | "/api/v1/me/room-invitations" | "/api/v1/me/unread-count" => {
            false
        }
        path if path.starts_with("/api/v1/me/claims") => false,
        "/api/v1/me" | "/api/v1/users/{uuid}/password" | "/api/v1/tasks/{uuid}" => true,
        _ => path.starts_with("/api/v1/auth/") || path.starts_with("/api/v1/me/"),
    }
}

fn has_parameter(operation: &Operation, is_it: impl Fn(&Parameter) -> bool) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if is_it(parameter)))
}

fn has_tag(operation: &Operation, name: &str) -> bool {
    operation.tags.iter().flatten().any(|tag| tag == name)
}

fn is_json(body: &RefOr<RequestBody>) -> bool {
    matches!(body, RefOr::T(body) if body.content.contains_key("application/json"))
}

/// Offers the password form of the documentation beside the bearer token: it gets an access token.
fn allow_password_form(operation: &mut Operation) {
    let ways = operation.security.as_mut();
    if let Some(ways) = ways.filter(|ways| ways.contains(&bearer())) {
        ways.push(SecurityRequirement::new(PASSWORD_FORM, [] as [&str; 0]));
    }
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// What is not about any one route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ABU Alumni Connect",
        description = "Connects the alumni of Ahmadu Bello University with each other and with the \
            university.\n\nEvery error is a problem document (RFC 9457) whose `type` leads to a \
            page about it. Every answer carries `X-Request-Id`; quote it when you report a fault. \
            Unknown query parameters are refused.\n\nLists come page by page: `next_cursor` and \
            `prev_cursor`, and the header `Link`, lead to the pages after and before. `fields` sends \
            only what you need of each entry, `count=true` says how long the list is.\n\nEvery \
            answer to a GET has an `ETag`. Send it as `If-None-Match`, and what has not changed is \
            answered by 304 without a body; send it as `If-Match` with a change, and nothing is \
            overwritten that you have not seen.\n\nRequests are counted: `RateLimit-Policy` \
            and `RateLimit` say what is left.\n\nA POST with an `Idempotency-Key` is done once, \
            however often it is sent.",
    ),
    tags(
        (name = "auth", description = "Registering, logging in and out, one-time passwords, and what \
            links in mails do."),
        (name = "me", description = "The caller's own account."),
        (name = "users", description = "Accounts, for those who look after them."),
        (name = "access", description = "Permissions, roles, groups, and roles assigned for a term. \
            Callers give only permissions that they hold, and act only on users whose permissions they \
            hold."),
        (name = "verification", description = "Claims: how an account proves to be a graduate in the \
            register, and how the alumni office decides."),
        (name = "profile", description = "What members say about themselves, who may see it, and what \
            others see."),
        (name = "rooms", description = "Conversations. For a caller who is not a member, a room \
            does not exist."),
        (name = "messages", description = "What is said in rooms."),
        (name = "chat", description = "The WebSocket: live messages, presence, typing, history."),
        (name = "reference", description = "Faculties, departments, programmes, degrees, states, \
            countries and industries: versioned lists, which take no access token."),
        (name = "tasks", description = "Long work in the background, and its progress."),
        (name = "tasks", description = "Long work in the background, and its progress."),
        (name = "reference", description = "Faculties, departments, programmes, degrees, states, \
            countries and industries: versioned lists, which take no access token."),
        (name = "register", description = "The register of graduates, for the alumni office."),
        (name = "mails", description = "What became of the platform's mail, for those who look after \
            it."),
        (name = "audit", description = "Who did what, for those who watch over it."),
        (name = "operation", description = "For those who run the server."),
        (name = "documentation", description = "What you are reading."),
    ),
    modifiers(&SecuritySchemes),
)]
struct Frame;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, description: &mut OpenApi) {
        let components = description.components.get_or_insert_default();
        let mut bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        bearer.description = Some("An access token from `POST /api/v1/auth/token`.".to_owned());
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
        let form = Password::new("/api/v1/auth/docs-token", Scopes::new());
        let form = OAuth2::with_description(
            [Flow::Password(form)],
            "Logs in with an e-mail address and a password, to try the API here. Leave the client's \
             fields empty. An account with one-time passwords takes a token from \
             `POST /api/v1/auth/token` instead.",
        );
        components.add_security_scheme(PASSWORD_FORM, SecurityScheme::OAuth2(form));
        for (name, about) in [
            (
                "token",
                "An access token, for browsers, whose WebSockets can set no header.",
            ),
            (
                "ticket",
                "A ticket from `POST /api/v1/auth/ws-ticket`: good once, for 30 seconds.",
            ),
        ] {
            let key = ApiKeyValue::with_description(name, about);
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Query(key)));
        }
        let cookie = ApiKeyValue::with_description(
            "__Secure-refresh_token",
            "The refresh token of a log-in with `session` `cookie`. A server without HTTPS, in \
             development, calls it `refresh_token`.",
        );
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
        components.add_security_scheme("refresh_cookie", cookie);
    }
}
