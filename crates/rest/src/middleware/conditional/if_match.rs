//! What a change is meant for.

use std::future::{Ready, ready};

use abu_application::platform::versions::Expected;
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, Header},
};

use super::tag;
use crate::problem::{Problem, ProblemKind};

/// What a change expects to find: whatever there is, unless the client sends `If-Match`.
#[derive(Debug)]
pub(crate) struct IfMatch(pub Expected);

/// The same where the client must send it.
#[derive(Debug)]
pub(crate) struct RequiredIfMatch(pub Expected);

/// The header of [`IfMatch`].
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what `IfMatch` reads")]
pub(crate) struct IfMatchParameter {
    /// The `ETag` of what you have read, exactly as it came: the change is refused if it has
    /// changed since. Several are separated by commas; `*` is whatever there is.
    #[param(
        rename = "If-Match",
        example = "\"6447d0a1f2b40-3q2-7wAAEjRWeJq83vASNA\""
    )]
    if_match: Option<String>,
}

/// The header of [`RequiredIfMatch`].
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what `RequiredIfMatch` reads")]
pub(crate) struct RequiredIfMatchParameter {
    /// The `ETag` of what you have read, exactly as it came: the change is refused if it has
    /// changed since. Several are separated by commas; `*` is whatever there is.
    #[param(
        rename = "If-Match",
        example = "\"6447d0a1f2b40-3q2-7wAAEjRWeJq83vASNA\""
    )]
    if_match: String,
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let expected = expected_by(request).unwrap_or(Expected::Anything);
        ready(Ok(Self(expected)))
    }
}

impl FromRequest for RequiredIfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(expected_by(request).map(Self).ok_or_else(|| {
            Problem::new(
                ProblemKind::PreconditionRequired,
                "Send the ETag of what you have read: If-Match: \"…\"",
            )
        }))
    }
}

/// What the header says, if it is there. Tags compare by the version in them alone, whether or not a
/// layer on the way has made them weak. What is no tag of ours names no version, and so never matches.
fn expected_by(request: &HttpRequest) -> Option<Expected> {
    if !request.headers().contains_key(header::IF_MATCH) {
        return None;
    }
    Some(match header::IfMatch::parse(request) {
        Ok(header::IfMatch::Any) => Expected::Anything,
        Ok(header::IfMatch::Items(tags)) => {
            Expected::OneOf(tags.iter().filter_map(tag::version_in).collect())
        }
        Err(_unreadable) => Expected::OneOf(Vec::new()),
    })
}

#[cfg(test)]
mod tests {
    use abu_application::platform::versions::Version;
    use actix_web::{http::header::HeaderValue, test::TestRequest};
    use proptest::prelude::*;

    use super::*;

    fn expected(lines: &[&[u8]]) -> Option<Expected> {
        let mut request = TestRequest::patch();
        for line in lines {
            let line = HeaderValue::from_bytes(line).unwrap();
            request = request.append_header((header::IF_MATCH, line));
        }
        expected_by(&request.to_http_request())
    }

    fn one_of(micros: &[i64]) -> Option<Expected> {
        let versions = micros.iter().copied().map(Version::from_micros);
        Some(Expected::OneOf(versions.collect()))
    }

    #[test]
    fn versions_are_read_from_strong_and_weak_tags_in_lists_and_lines() {
        for (lines, versions) in [
            (&[&b"\"ff-digest\""[..]][..], &[255][..]),
            (&[b"W/\"ff-digest\""], &[255]),
            (&[b"\"1-a\", W/\"2-b-c\",\"3-\""], &[1, 2, 3]),
            (&[b"\"1-a\"", b"\"2-b\""], &[1, 2]),
        ] {
            assert_eq!(expected(lines), one_of(versions), "{lines:?}");
        }
        assert_eq!(expected(&[b"*"]), Some(Expected::Anything));
        assert_eq!(expected(&[]), None);
    }

    #[test]
    fn what_is_no_tag_of_ours_matches_nothing() {
        for line in [
            &b""[..],
            b"ff-digest",
            b"\"ff\"",
            b"\"xyz-1\"",
            b"\"-1\"",
            b"\"\"",
            b"\"",
            b"\xff",
            b"\"ffffffffffffffffff-1\"",
            b"\"*\"",
        ] {
            assert_eq!(expected(&[line]), one_of(&[]), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_is_read(line in "[ -~\t\u{80}-\u{ff}]{0,60}") {
            prop_assert!(expected(&[line.as_bytes()]).is_some());
        }
    }
}
