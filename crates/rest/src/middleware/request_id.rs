//! The id that ties an answer, a problem document and the log together.

use std::{fmt, rc::Rc};

use abu_application::platform::ports::Ids;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_BYTES: usize = 64;

/// The id of a request: the caller's own if it can be printed in a log, otherwise one of ours.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Rc<str>);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap, ids: &dyn Ids) -> Self {
        let theirs = headers
            .get(HEADER)
            .map(HeaderValue::as_bytes)
            .filter(|id| is_sane(id))
            .and_then(|id| str::from_utf8(id).ok());
        match theirs {
            Some(id) => Self(id.into()),
            None => Self(format!("req_{}", ids.time_ordered().simple()).into()),
        }
    }

    pub(crate) fn example() -> Self {
        Self("req_0198c1a2b3c47d5e8f60718293a4b5c6".into())
    }

    pub(crate) fn to_header(&self) -> HeaderValue {
        #[expect(
            clippy::expect_used,
            reason = "it is visible ASCII, from a client or from here"
        )]
        HeaderValue::from_str(&self.0).expect("a request id fits a header")
    }
}

/// Up to 64 visible ASCII characters: nothing that could break a line of a log.
fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use abu_application::platform::system::SystemIds;

    use super::*;

    fn id_of(header: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(header).unwrap());
        RequestId::of(&headers, &SystemIds).to_string()
    }

    #[test]
    fn a_sane_id_of_the_caller_is_kept_and_any_other_replaced() {
        assert_eq!(id_of(b"trace-01/a"), "trace-01/a");
        let long = "x".repeat(65);
        for header in [&b""[..], b"two words", b"\xff\xfe", long.as_bytes()] {
            assert!(id_of(header).starts_with("req_"), "{header:?}");
        }
    }
}
