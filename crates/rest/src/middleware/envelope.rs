//! The outermost layer: what is the same for every request and every answer, however it came about.

use abu_connections::{ClientAddress, Connection, InFlight, TrustedProxies};
use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
};

use super::{
    access_log::Entry,
    conditional,
    idempotency::Replayed,
    rate_limit::ShownQuotaStatus,
    request_id::{self, RequestId},
    security_headers,
};
use crate::{
    problem::{self, Problem},
    shared::{BrowserPolicy, RequestIds, shared},
};

/// Gives the request an id, finds where it comes from, turns every error into a problem document, adds
/// the headers that every answer has, and writes the access log.
pub(crate) async fn envelope(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let in_flight = begin(&mut request);
    let only_https = shared::<BrowserPolicy>(request.request()).only_https;
    let ids = shared::<RequestIds>(request.request());
    let id = RequestId::of(request.headers(), &*ids.0);
    let proxies = shared::<TrustedProxies>(request.request());
    ClientAddress::note(request.request(), proxies);
    let mut entry = Entry::begin(request.request(), id.clone());
    request.extensions_mut().insert(id.clone());
    let status = ShownQuotaStatus::follow(request.request());
    if request.method() == Method::HEAD && answers_head(request.path()) {
        // The same answer as for GET; the connection leaves its body out.
        request.head_mut().method = Method::GET;
    }
    match next.call(request).await {
        Ok(response) => {
            let mut response = as_problem(response.map_into_boxed_body(), &id, &status);
            dress(response.response_mut(), &id, only_https);
            status.add_to(response.headers_mut());
            Ok(entry.follow(response, in_flight))
        }
        Err(mut error) => {
            entry.answered(error.as_response_error().status_code());
            error.add_response_mapper(move |mut response| {
                dress(&mut response, &id, only_https);
                status.add_to(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}

/// Whether HEAD gets the answer of GET: a WebSocket handshake is a GET (RFC 6455, 4.1).
pub(super) fn answers_head(path: &str) -> bool {
    path != "/chat"
}

fn begin(request: &mut ServiceRequest) -> InFlight {
    let has_body = !matches!(request.parts_mut().1, Payload::None);
    let connection = Connection::of(request.request());
    connection.map_or_else(InFlight::default, |connection| connection.begin(has_body))
}

/// An error response as a problem document. Other responses and replayed ones, which are problem documents
/// already, stay unchanged.
fn as_problem(
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
    shown: &ShownQuotaStatus,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || Replayed::is(response.request()) {
        return response;
    }
    let foreign;
    let error = response.response().error();
    let problem = match error.and_then(Error::as_error) {
        Some(problem) => problem,
        None => {
            foreign = Problem::foreign(status, error);
            &foreign
        }
    };
    report(problem, id);
    if let Some(refusal) = problem.refused_by() {
        shown.refused(refusal);
    }
    let mut document = problem.error_response();
    let body = BoxBody::new(problem.document(Some(id)).to_json());
    let mut response = response.map_body(|_head, _body| body);
    *response.response_mut().status_mut() = document.status();
    let headers = response.headers_mut();
    // The body may have been encoded on the way here.
    headers.remove(header::CONTENT_ENCODING);
    for (name, value) in document.headers_mut().drain() {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
    response
}

/// Writes what the client is not told to the log, this once.
pub(crate) fn report(problem: &Problem, id: &RequestId) {
    let Some(cause) = problem.cause() else { return };
    let slug = problem.kind().slug();
    if problem.kind() == problem::ProblemKind::InternalError {
        log::error!(request:% = id; "{slug}: {cause}");
    } else {
        log::warn!(request:% = id; "{slug}: {cause}");
    }
}

fn dress(response: &mut HttpResponse<impl MessageBody>, id: &RequestId, only_https: bool) {
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.to_header());
    conditional::mark_encoded(headers);
    security_headers::add(headers, only_https);
}
