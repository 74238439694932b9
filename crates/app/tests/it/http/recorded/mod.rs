//! Contract tests: problem documents and the API description, byte for byte as the golden files of
//! [`fixtures`](crate::fixtures) have them.

mod conflicts;
mod description;
mod json_text;
mod kinds;
mod requests;
mod use_cases;

use std::collections::{BTreeMap, BTreeSet};

use abu_rest::Problem;
use actix_web::{ResponseError, body::MessageBody};
use reqwest::header::{HeaderName, HeaderValue};

use self::json_text::shape;
use super::support::Answer;
use crate::fixtures::{Mask, assert_recorded};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The headers that a problem brings with it.
const HEADERS: [&str; 5] = [
    "content-type",
    "www-authenticate",
    "retry-after",
    "allow",
    "upgrade",
];

/// Answers, one after the other, each under a heading.
#[derive(Default)]
struct Record {
    text: String,
    names: Mask,
}

impl Record {
    /// The status and the headers of a problem, and its document.
    fn problem(&mut self, heading: &str, answer: &Answer) {
        let headers = HEADERS.iter().filter_map(|name| {
            let value = answer.headers.get(*name)?;
            Some((*name, value.to_str().unwrap()))
        });
        self.add(heading, answer.status.as_u16(), headers, answer.text());
    }

    /// The same where it is one; of another answer the status, the names of its headers, and what its
    /// body is made of.
    fn answer(&mut self, heading: &str, answer: &Answer) {
        let status = answer.status.as_u16();
        if status >= 400 {
            return self.problem(heading, answer);
        }
        let names: BTreeSet<&str> = answer.headers.keys().map(HeaderName::as_str).collect();
        let names = Vec::from_iter(names).join(", ");
        let is_json = answer.headers.get("content-type") == Some(&JSON);
        // The API description has a record of its own.
        let body = match is_json && heading != "GET /openapi.json" {
            true => shape(answer.text()),
            false => String::new(),
        };
        self.add(heading, status, [("headers", names.as_str())], &body);
    }

    /// The same with all headers but those that tell only of the time and the size.
    fn whole(&mut self, heading: &str, answer: &Answer) {
        let mut headers: BTreeMap<&str, &str> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .filter(|(name, _)| !["date", "content-length"].contains(name))
            .collect();
        // The CORS layer lists a set, whose order differs between processes.
        let exposed = headers.get("access-control-expose-headers").copied();
        let mut exposed = Vec::from_iter(exposed.into_iter().flat_map(|list| list.split(", ")));
        exposed.sort_unstable();
        let exposed = exposed.join(", ");
        if !exposed.is_empty() {
            headers.insert("access-control-expose-headers", &exposed);
        }
        self.add(heading, answer.status.as_u16(), headers, answer.text());
    }

    /// The answer that a problem is rendered to.
    fn rendered(&mut self, heading: &str, problem: &Problem) {
        let response = problem.error_response();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let headers = HEADERS.iter().filter_map(|name| {
            let value = headers.get(*name)?;
            Some((*name, value.to_str().unwrap()))
        });
        let body = response.into_body().try_into_bytes().unwrap();
        self.add(heading, status, headers, str::from_utf8(&body).unwrap());
    }

    fn add<'a>(
        &mut self,
        heading: &str,
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &str,
    ) {
        let headers: String = headers
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let entry = format!("# {heading}\n{status}\n{headers}{body}\n\n");
        // Each entry counts its ids anew, so that one more entry changes no other.
        self.text.push_str(&self.names.clone().apply(&entry));
    }

    #[track_caller]
    fn assert_recorded(&self, name: &str) {
        assert_recorded(&format!("http/{name}.txt"), &self.text);
    }
}
