//! Idempotency keys (`Idempotency-Key`): a retried request takes effect once, and gets the stored response.
//!
//! The layer sees bodies whole and uncompressed. A request with a key runs in a detached task, so it
//! completes, and its response is stored, even if the client disconnects. A request without a key passes
//! untouched.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, resume_unwind},
};

use abu_application::{
    access::{
        self, Caller,
        idempotency::{Begun, Claim, KeyedRequest},
    },
    platform::ports::StoredResponse,
};
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    rt,
};
use futures_util::FutureExt;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use utoipa::openapi::{OpenApi, path::Operation};
use uuid::Uuid;

use super::{documented::operations, request_body::whole_body, request_id::RequestId};
use crate::{
    caller, keyed_hmac,
    openapi::Api,
    problem::{self, Problem, ProblemKind},
    shared::shared,
};

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const MAX_KEPT: usize = 256 * 1024;

/// What a handler declares, in `extensions(…)`, whose answer is [`SecretJson`](crate::secret_json).
pub(crate) const SECRET_ANSWER: &str = "x-secret-answer";

/// What a handler declares, in `extensions(…)`, that receives a large body by itself: it claims the key once it
/// knows the body, and keeps its own answer.
pub(crate) const READS_OWN_BODY: &str = "x-reads-own-body";

fn reads_own_body(operation: &Operation) -> bool {
    let extensions = operation.extensions.as_ref();
    extensions.is_some_and(|all| all.get(READS_OWN_BODY) == Some(&Value::Bool(true)))
}

/// Whether retries get the stored response of this operation. A response with a secret is never stored,
/// because the database must not hold it.
pub(crate) fn is_replayed(method: &str, operation: &Operation) -> bool {
    let is_secret = operation
        .extensions
        .as_ref()
        .is_some_and(|all| all.get(SECRET_ANSWER) == Some(&Value::Bool(true)));
    method == Method::POST.as_str() && !is_secret
}

/// The patterns of routes with replayed responses, and whether each needs a token.
#[derive(Debug)]
pub(crate) struct ReplayedRoutes(HashMap<String, bool>);

impl ReplayedRoutes {
    pub(crate) fn of(description: &OpenApi) -> Self {
        let mut routes = HashMap::new();
        for (path, item) in &description.paths.paths {
            let replayed = operations(item)
                .find(|(method, it)| is_replayed(method, it) && !reads_own_body(it));
            if let Some((_, operation)) = replayed {
                let security = operation.security.as_ref();
                let needs_token = security.is_some_and(|all| !all.is_empty());
                routes.insert(path.clone(), needs_token);
            }
        }
        Self(routes)
    }
}

/// Tells requests with one key apart.
#[derive(Clone)]
pub struct Fingerprints(Hmac<Sha256>);

impl Fingerprints {
    pub const KEY_LABEL: &str = "abu-alumni-connect request fingerprints 1";

    /// Keyed, because some bodies hold passwords: a plain digest could be brute-forced by a reader of the
    /// database.
    pub fn new(key: [u8; 32]) -> Self {
        Self(keyed_hmac(&key))
    }

    /// Of these parts; each is preceded by its length, so that no other parts read the same.
    fn of(&self, parts: [&[u8]; 4]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// The layer that does what carries a key once.
pub(crate) async fn idempotent<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let keyed = match keyed(request.request()) {
        Ok(Some(keyed)) => keyed,
        Ok(None) => return Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => return Ok(request.error_response(problem)),
    };
    let fingerprint = match read(&mut request).await {
        Ok(fingerprint) => fingerprint,
        Err(problem) => return Ok(request.error_response(problem)),
    };
    match rt::spawn(carry_out(keyed(fingerprint), request, next)).await {
        Ok(answer) => answer,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => Err(Problem::unavailable(cancelled).into()),
        },
    }
}

/// What makes a request keyed, once the fingerprint of its body is known. `None` where there is no key, and
/// where it would change nothing: a refusal for want of a token is not kept, nor is a secret.
fn keyed(
    request: &HttpRequest,
) -> Result<Option<impl FnOnce([u8; 32]) -> KeyedRequest + use<>>, Problem> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let Some(key) = parsed_key(request.headers())? else {
        return Ok(None);
    };
    let ReplayedRoutes(routes) = &shared::<Api>(request).replayed;
    let route = request.match_pattern();
    let Some((route, needs_token)) = route.and_then(|route| routes.get_key_value(&route)) else {
        return Ok(None);
    };
    // A route without authentication ignores a token.
    let caller = match (needs_token, caller::known_caller(request)) {
        (true, None) => return Ok(None),
        (true, caller) => caller,
        (false, _) => None,
    };
    let route = route.clone();
    Ok(Some(move |fingerprint| KeyedRequest {
        caller,
        route,
        key,
        fingerprint,
    }))
}

/// A UUID, as it is or in quotes: the IETF's draft has quotes, and most clients have none.
fn parsed_key(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let mut values = headers.get_all(KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    match Uuid::try_parse(bare) {
        // Braces and the like are UUIDs of other places.
        Ok(key) if bare.len() == 36 && values.next().is_none() => Ok(Some(key)),
        _ => Err(Problem::new(
            ProblemKind::IdempotencyKeyInvalid,
            "The header Idempotency-Key must be one UUID, such as \
             3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41.",
        )),
    }
}

/// Reads the body to its end, and puts it back for the handler.
async fn read(request: &mut ServiceRequest) -> Result<[u8; 32], Problem> {
    let (parts, payload) = request.parts_mut();
    let body = whole_body(parts, payload).await?;
    // It was decoded by reading it.
    request.headers_mut().remove(header::CONTENT_ENCODING);
    let fingerprints = shared::<Fingerprints>(request.request());
    let fingerprint = fingerprints.of([
        request.method().as_str().as_bytes(),
        request.uri().to_string().as_bytes(),
        request
            .request()
            .content_type()
            .to_ascii_lowercase()
            .as_bytes(),
        &body,
    ]);
    request.set_payload(Payload::from(body));
    Ok(fingerprint)
}

/// The key of a request to a route that requires one.
pub(crate) fn required_key(request: &HttpRequest) -> Result<Uuid, Problem> {
    parsed_key(request.headers())?.ok_or_else(|| {
        Problem::new(
            ProblemKind::IdempotencyKeyInvalid,
            "This route requires the header Idempotency-Key, a UUID of your own.",
        )
    })
}

/// A request whose handler has received the body by itself; `body` stands for it.
pub(crate) fn keyed_request(
    request: &HttpRequest,
    caller: &Caller,
    key: Uuid,
    body: &[u8],
) -> KeyedRequest {
    let fingerprints = shared::<Fingerprints>(request);
    let fingerprint = fingerprints.of([
        request.method().as_str().as_bytes(),
        request.path().as_bytes(),
        b"",
        body,
    ]);
    KeyedRequest {
        caller: Some(caller.clone()),
        route: request.match_pattern().unwrap_or_default(),
        key,
        fingerprint,
    }
}

/// The stored answer, as a handler gives it again.
pub(crate) fn replay(request: &HttpRequest, answer: StoredResponse) -> HttpResponse<BoxBody> {
    request.extensions_mut().insert(Replayed);
    let id = request.extensions().get::<RequestId>().cloned();
    answered_again(id.as_ref(), answer, true)
}

/// An answer that is kept and given at once.
pub(crate) fn given(answer: StoredResponse) -> HttpResponse<BoxBody> {
    answered_again(None, answer, false)
}

/// Carries the request out if it is the first with its key, and keeps its answer.
async fn carry_out<B: MessageBody + 'static>(
    keyed: KeyedRequest,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let use_cases = shared::<access::UseCases>(request.request()).clone();
    let id = request.extensions().get::<RequestId>().cloned();
    let claim = match use_cases.idempotency.begin(keyed).await {
        Ok(Begun::First(claim)) => claim,
        Ok(Begun::Again(answer)) => return Ok(replayed(request, answer)),
        Err(refused) => return Ok(request.error_response(Problem::from(refused))),
    };
    // Nothing the handler held is used again, as in the layer that answers panics.
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => {
            let (response, answer) = kept(response);
            settle(&use_cases, claim, answer, id).await;
            Ok(response)
        }
        Ok(Err(error)) => {
            settle(&use_cases, claim, None, id).await;
            Err(error)
        }
        Err(panic) => {
            settle(&use_cases, claim, None, id).await;
            resume_unwind(panic)
        }
    }
}

/// Keeps the answer, or lets go of the key. What was done is done, so the caller is answered either way.
async fn settle(
    use_cases: &access::UseCases,
    claim: Claim,
    answer: Option<StoredResponse>,
    id: Option<RequestId>,
) {
    let settled = use_cases.idempotency.finish(claim, answer).await;
    if let (Err(error), Some(id)) = (settled, id) {
        log::warn!(request:% = id; "the answer to a request with an idempotency key is not kept: {error}");
    }
}

fn kept<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> (ServiceResponse<BoxBody>, Option<StoredResponse>) {
    let (request, response) = response.map_into_boxed_body().into_parts();
    let is_final = is_final(response.status(), response.headers());
    let (head, body) = response.into_parts();
    let (body, whole) = match body.try_into_bytes() {
        Ok(bytes) => (BoxBody::new(bytes.clone()), Some(bytes)),
        Err(stream) => (stream, None),
    };
    let answer = whole
        .filter(|bytes| is_final && bytes.len() <= MAX_KEPT)
        .map(|bytes| StoredResponse {
            status: head.status().as_u16(),
            content_type: text(head.headers(), &header::CONTENT_TYPE),
            location: text(head.headers(), &header::LOCATION),
            etag: text(head.headers(), &header::ETAG),
            body: bytes.into(),
        });
    (ServiceResponse::new(request, head.set_body(body)), answer)
}

/// Whether the response is the outcome of the request, so that retries get it. Server errors, expired
/// tokens and refusals with `Retry-After` are transient. A malformed or invalid request had no effect:
/// a client may correct its form and send it with the same key.
fn is_final(status: StatusCode, headers: &HeaderMap) -> bool {
    let passes = status.is_client_error() && headers.contains_key(header::RETRY_AFTER);
    let never_kept = [
        StatusCode::UNAUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_REQUEST,
        // The next try comes with another `If-Match`.
        StatusCode::PRECONDITION_FAILED,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    !status.is_server_error() && !passes && !never_kept.contains(&status)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Replayed;

impl Replayed {
    pub(crate) fn is(request: &HttpRequest) -> bool {
        request.extensions().contains::<Self>()
    }
}

fn replayed(request: ServiceRequest, answer: StoredResponse) -> ServiceResponse<BoxBody> {
    let response = replay(request.request(), answer);
    request.into_response(response)
}

fn answered_again(
    request: Option<&RequestId>,
    answer: StoredResponse,
    is_replayed: bool,
) -> HttpResponse<BoxBody> {
    let StoredResponse {
        status,
        content_type,
        location,
        etag,
        mut body,
    } = answer;
    if content_type.as_deref() == Some(problem::MEDIA_TYPE) {
        body = met_by(request, body);
    }
    // What is stored was an answer once.
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::new(status).set_body(BoxBody::new(body));
    let kept = [
        (header::CONTENT_TYPE, content_type),
        (header::LOCATION, location),
        (header::ETAG, etag),
        (REPLAYED, is_replayed.then(|| "true".to_owned())),
    ];
    for (name, value) in kept {
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn met_by(request: Option<&RequestId>, document: Vec<u8>) -> Vec<u8> {
    let parsed = serde_json::from_slice::<Map<String, Value>>(&document);
    match (parsed, request) {
        (Ok(mut parsed), Some(request)) => {
            parsed.insert("instance".to_owned(), request.to_string().into());
            Value::Object(parsed).to_string().into_bytes()
        }
        _ => document,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        Responder,
        body::{BodyStream, to_bytes},
        test::TestRequest,
        web::Bytes,
    };

    use super::*;
    use crate::secret_json::SecretJson;

    #[test]
    fn each_part_of_a_request_changes_its_fingerprint() {
        let prints = Fingerprints::new([1; 32]);
        let parts: [&[u8]; 4] = [b"POST", b"/a", b"application/json", b"{}"];
        let print = prints.of(parts);
        assert_eq!(print, Fingerprints::new([1; 32]).of(parts));
        assert_ne!(print, Fingerprints::new([2; 32]).of(parts));
        for index in 0..parts.len() {
            let mut other = parts;
            other[index] = b"x";
            assert_ne!(print, prints.of(other));
        }
        let split = [
            prints.of([b"ab", b"c", b"", b""]),
            prints.of([b"a", b"bc", b"", b""]),
        ];
        assert_ne!(split[0], split[1]);
    }

    fn kept_of(body: BoxBody) -> (Option<StoredResponse>, HttpResponse) {
        let request = TestRequest::post().to_http_request();
        let response = HttpResponse::Created().body(body);
        let (response, answer) = kept(ServiceResponse::new(request, response));
        (answer, response.into_parts().1)
    }

    #[test]
    fn an_answer_that_is_long_or_made_as_it_is_sent_is_given_and_not_kept() {
        let longest = vec![b'x'; MAX_KEPT];
        assert!(kept_of(BoxBody::new(longest.clone())).0.is_some());
        let too_long = [longest, vec![b'x']].concat();
        let (answer, given) = kept_of(BoxBody::new(too_long.clone()));
        assert!(answer.is_none());
        assert!(given.into_body().try_into_bytes().unwrap() == too_long);
        let stream = futures_util::stream::empty::<Result<Bytes, Error>>();
        let (answer, given) = kept_of(BoxBody::new(BodyStream::new(stream)));
        assert!(answer.is_none() && given.into_body().try_into_bytes().is_err());
    }

    #[actix_web::test]
    async fn a_secret_answer_is_given_and_not_kept_whatever_its_route_declares() {
        let request = TestRequest::post().to_http_request();
        let response = SecretJson("secret").respond_to(&request);
        let (response, answer) = kept(ServiceResponse::new(request, response));
        assert!(answer.is_none());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "\"secret\"");
    }

    #[test]
    fn what_passes_by_itself_is_not_final() {
        fn is_kept(status: u16, headers: &HeaderMap) -> bool {
            is_final(StatusCode::from_u16(status).unwrap(), headers)
        }
        let mut headers = HeaderMap::new();
        for status in [200, 202, 403, 404, 409] {
            assert!(is_kept(status, &headers), "{status}");
        }
        for status in [400, 401, 413, 415, 422, 429, 500, 503] {
            assert!(!is_kept(status, &headers), "{status}");
        }
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        assert!(!is_kept(409, &headers));
        // `Retry-After` does not make a successful response transient.
        assert!(is_kept(202, &headers));
    }
}
