//! What a client has already is not sent again.

use actix_web::{
    Error, HttpRequest,
    body::{self, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{
            self, ETag, EntityTag, Header, HeaderMap, HeaderValue, IfNoneMatch, TryIntoHeaderPair,
        },
    },
    middleware::Next,
};

use super::tag;

/// For one person alone, and to be asked for again each time: the answer is then mostly 304.
const PERSONAL: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The layer that gives every good answer to a GET a tag, and leaves the body out where the client
/// has it. A body that is not in memory has the tag that its handler gave it, if any.
pub(crate) async fn not_modified<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_get = request.method() == Method::GET;
    let response = next.call(request).await?.map_into_boxed_body();
    if !is_get || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let mut response = tagged(response);
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, PERSONAL);
    }
    let known = tag_of(response.headers()).is_some_and(|tag| has(response.request(), &tag));
    Ok(if known {
        without_body(response)
    } else {
        response
    })
}

fn tagged(response: ServiceResponse) -> ServiceResponse {
    if response.headers().contains_key(header::ETAG) {
        return response;
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) => {
            if let Ok((name, value)) = ETag(tag::of_body(&bytes)).try_into_pair() {
                response.headers_mut().insert(name, value);
            }
            BoxBody::new(bytes)
        }
        Err(stream) => stream,
    };
    ServiceResponse::new(request, response.set_body(body))
}

fn tag_of(headers: &HeaderMap) -> Option<EntityTag> {
    headers.get(header::ETAG)?.to_str().ok()?.parse().ok()
}

fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        // A malformed header is no reason to refuse: the full response is always valid.
        Err(_unreadable) => false,
    }
}

fn without_body(response: ServiceResponse) -> ServiceResponse {
    let mut response = response.map_body(|_head, _body| BoxBody::new(body::None::new()));
    *response.response_mut().status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(header::CONTENT_TYPE);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    response
}

/// Marks an answer with a tag once compression is over: it depends on what the client can read, and
/// a compressed body is the same only in its meaning.
pub(crate) fn mark_encoded(headers: &mut HeaderMap) {
    let identity = HeaderValue::from_static("identity");
    if headers.get(header::CONTENT_ENCODING) == Some(&identity) {
        // It told the compression to leave the body as it is, and is no encoding for clients.
        headers.remove(header::CONTENT_ENCODING);
    }
    let Some(mut tag) = tag_of(headers) else {
        return;
    };
    if !varies_by_encoding(headers) {
        let encoding = HeaderValue::from_static("accept-encoding");
        headers.append(header::VARY, encoding);
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        tag.weak = true;
        if let Ok((name, value)) = ETag(tag).try_into_pair() {
            headers.insert(name, value);
        }
    }
}

fn varies_by_encoding(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::VARY)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case("accept-encoding"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn knows(lines: &[&[u8]]) -> bool {
        let mut request = TestRequest::get();
        for line in lines {
            let line = HeaderValue::from_bytes(line).unwrap();
            request = request.append_header((header::IF_NONE_MATCH, line));
        }
        has(
            &request.to_http_request(),
            &EntityTag::new_strong("tag".to_owned()),
        )
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_is_read(line in "[ -~\t\u{80}-\u{ff}]{0,60}") {
            knows(&[line.as_bytes()]);
        }

        #[test]
        fn a_tag_is_found_among_any_others(
            before in prop::collection::vec("[!#-+.-~]{0,9}", 0..5),
            after in prop::collection::vec("[!#-+.-~]{0,9}", 0..5),
            weak: bool,
        ) {
            let ours = if weak { "W/\"tag\"" } else { "\"tag\"" }.to_owned();
            let quoted = |tags: Vec<String>| tags.into_iter().map(|tag| format!("\"{tag}\""));
            let list: Vec<String> = quoted(before).chain([ours]).chain(quoted(after)).collect();
            prop_assert!(knows(&[list.join(", ").as_bytes()]));
        }
    }
}
