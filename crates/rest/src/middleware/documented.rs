//! Request validation against the OpenAPI document.
//!
//! Before a request reaches a route, this layer looks it up in the document: an unknown path is 404, an
//! unknown method 405, an unknown query parameter 400. So clients cannot use an undocumented route, and
//! the server never ignores a misspelt parameter. Where the document asks for an access token, a request
//! without a valid one is 401 before its body is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::{
    Error, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn, PathItem},
    security::SecurityRequirement,
};

use super::envelope::answers_head;
use crate::{
    caller,
    openapi::{Api, BEARER},
    problem::{Problem, ProblemKind},
    shared::shared,
};

/// Every operation, by method, by the pattern of its path.
#[derive(Debug)]
pub(crate) struct DocumentedRoutes(HashMap<String, Methods>);

type Methods = BTreeMap<&'static str, Route>;

#[derive(Debug)]
struct Route {
    parameters: BTreeSet<String>,
    takes_token: bool,
}

impl DocumentedRoutes {
    pub(crate) fn of(description: &OpenApi) -> Self {
        let routes = description.paths.paths.iter().map(|(path, item)| {
            let operations = operations(item);
            let routes = operations.map(|(method, operation)| (method, Route::of(operation)));
            (path.clone(), routes.collect())
        });
        Self(routes.collect())
    }

    fn admit(&self, request: &ServiceRequest) -> Result<&Route, Problem> {
        let (pattern, methods) = request
            .match_pattern()
            .and_then(|pattern| self.0.get_key_value(&pattern))
            .ok_or_else(Problem::not_found)?;
        let route = methods
            .get(request.method().as_str())
            .ok_or_else(|| Problem::method_not_allowed(allow(pattern, methods)))?;
        let known = &route.parameters;
        let unknown = form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| !known.contains(name.as_ref()));
        match unknown {
            // The name itself is not repeated: it may be a secret that missed its place.
            Some(_) => Err(unknown_parameter(known)),
            None => Ok(route),
        }
    }
}

impl Route {
    fn of(operation: &Operation) -> Self {
        Self {
            parameters: query_parameters(operation),
            takes_token: takes_token(operation),
        }
    }

    fn authenticate(&self, request: &HttpRequest) -> Result<(), Problem> {
        if self.takes_token {
            caller::claims(request)?.ok_or_else(caller::authentication_required)?;
        }
        Ok(())
    }
}

/// Whether an access token in the header is the one way in. Handlers with other ways look themselves.
fn takes_token(operation: &Operation) -> bool {
    let mut ways = operation.security.iter().flatten();
    let bearer = SecurityRequirement::new(BEARER, [] as [&str; 0]);
    let elsewhere = ["token", "ticket", "refresh_cookie"]
        .map(|way| SecurityRequirement::new(way, [] as [&str; 0]));
    ways.clone().any(|way| *way == bearer) && !ways.any(|way| elsewhere.contains(way))
}

fn allow(pattern: &str, methods: &Methods) -> String {
    let mut methods: Vec<&str> = methods.keys().copied().collect();
    if methods.contains(&"GET") && answers_head(pattern) {
        methods.push("HEAD");
    }
    methods.join(", ")
}

fn unknown_parameter(known: &BTreeSet<String>) -> Problem {
    let detail = if known.is_empty() {
        "This route takes no query parameters.".to_owned()
    } else {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        format!(
            "This route takes only these query parameters: {}.",
            known.join(", ")
        )
    };
    Problem::new(ProblemKind::UnknownParameter, detail)
}

pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn query_parameters(operation: &Operation) -> BTreeSet<String> {
    operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => {
                Some(parameter.name.clone())
            }
            _ => None,
        })
        .collect()
}

/// The layer that holds requests to the description, and authenticates before anything is read.
pub(crate) async fn documented_only<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let routes = &shared::<Api>(request.request()).routes;
    let admitted = routes.admit(&request);
    match admitted.and_then(|route| route.authenticate(request.request())) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App, HttpResponse,
        body::BoxBody,
        http::Method,
        middleware::from_fn,
        test::{self, TestRequest},
        web,
    };
    use utoipa::openapi::{
        HttpMethod, Paths, PathsBuilder,
        path::{OperationBuilder, ParameterBuilder},
    };

    use super::*;

    fn routes() -> DocumentedRoutes {
        let page = ParameterBuilder::new()
            .name("page")
            .parameter_in(ParameterIn::Query);
        let read = OperationBuilder::new().parameter(page).build();
        let write = OperationBuilder::new().build();
        let paths: Paths = PathsBuilder::new()
            .path("/things/{id}", PathItem::new(HttpMethod::Get, read))
            .path("/things/{id}", PathItem::new(HttpMethod::Post, write))
            .build();
        let mut description = OpenApi::default();
        description.paths = paths;
        DocumentedRoutes::of(&description)
    }

    /// Asks an application that serves more than is described.
    async fn refusal(method: Method, path: &str, query: &str) -> Option<ProblemKind> {
        let admit =
            async |request: ServiceRequest, _next: Next<BoxBody>| match routes().admit(&request) {
                Ok(_) => Ok(request.into_response(HttpResponse::Ok())),
                Err(problem) => Ok(request.error_response(problem)),
            };
        let things = web::scope("/things").route("/{id}", web::to(HttpResponse::Ok));
        let app = App::new()
            .service(things.route("/{id}/more", web::to(HttpResponse::Ok)))
            .route("/secret", web::to(HttpResponse::Ok))
            .wrap(from_fn(admit));
        let app = test::init_service(app).await;
        let request = TestRequest::with_uri(&format!("{path}?{query}")).method(method);
        let response = test::call_service(&app, request.to_request()).await;
        let error = response.response().error()?.as_error::<Problem>();
        error.map(Problem::kind)
    }

    #[actix_web::test]
    async fn an_undocumented_route_is_refused_by_path_method_or_parameter() {
        use ProblemKind::{MethodNotAllowed, NotFound, UnknownParameter};
        assert_eq!(refusal(Method::GET, "/things/7", "page=2").await, None);
        for (method, path, query, expected) in [
            (Method::GET, "/secret", "", NotFound),
            (Method::GET, "/things", "", NotFound),
            (Method::GET, "/things/7/more", "", NotFound),
            (Method::DELETE, "/things/7", "", MethodNotAllowed),
            (Method::POST, "/things/7", "page=2", UnknownParameter),
            (Method::GET, "/things/7", "page=2&Page=2", UnknownParameter),
            (Method::GET, "/things/7", "%70age=2&x", UnknownParameter),
        ] {
            let refused = refusal(method, path, query).await;
            assert_eq!(refused, Some(expected), "{path}?{query}");
        }
    }
}
