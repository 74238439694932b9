//! JSON bodies.

use std::{collections::BTreeSet, future::Future, pin::Pin};

use abu_domain::Violation;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev::Payload, error::PayloadError, web::Bytes,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::FieldError;
use crate::problem::{Problem, ProblemKind};

/// How many mistakes one answer names at most.
const MAX_ERRORS: usize = 50;

/// The longest unknown name that is repeated in an answer, in characters.
const MAX_NAME_SHOWN: usize = 64;

const NOT_TEXT: Violation = Violation {
    code: "type.text",
    rule: "must be a text",
};
const NOT_A_LIST: Violation = Violation {
    code: "type.list",
    rule: "must be a list",
};
const NOT_AN_OBJECT: Violation = Violation {
    code: "type.object",
    rule: "must be an object",
};
const NOT_WHOLE: Violation = Violation {
    code: "type.whole",
    rule: "must be a whole number from 0 on",
};
const NOT_A_UUID: Violation = Violation {
    code: "uuid.invalid",
    rule: "must be a UUID",
};

/// Something that is made from a JSON body.
pub(crate) trait FromBody: Sized + 'static {
    /// Takes its fields. `None` where one of them is missing or wrong, which `body` then knows.
    fn from_body(body: &mut BodyFields) -> Option<Self>;
}

/// Extracts a `T` from a JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub T);

impl<T: FromBody> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !is_json(request) {
            return Box::pin(async { Err(unsupported_media()) });
        }
        let bytes = whole_body(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let fields = BodyFields::parse(&bytes)?;
            fields.read().map(Self)
        })
    }
}

/// Reads a body to its end, decoded, up to the limit of the whole application.
///
/// # Errors
/// `payload-too-large`, `malformed-json`.
pub(crate) fn whole_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let bytes = Bytes::from_request(request, payload);
    async move { bytes.await.map_err(|error| unreadable(&error)) }
}

/// JSON, or the merge patch that is written the same way.
fn is_json(request: &HttpRequest) -> bool {
    matches!(
        request.content_type(),
        "application/json" | "application/merge-patch+json"
    )
}

fn unsupported_media() -> Problem {
    Problem::new(
        ProblemKind::UnsupportedMedia,
        "The body must be JSON: send Content-Type: application/json.",
    )
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::new(
            ProblemKind::PayloadTooLarge,
            "The body is larger than the server takes.",
        ),
        _ => Problem::new(
            ProblemKind::MalformedJson,
            "The body could not be read to its end.",
        ),
    }
}

/// The fields of a JSON object, taken one by one.
#[derive(Debug)]
pub(crate) struct BodyFields {
    fields: Map<String, Value>,
    taken: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
}

impl BodyFields {
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Problem::new(
                ProblemKind::MalformedJson,
                format!(
                    "The body is not valid JSON, from line {} column {} on.",
                    error.line(),
                    error.column()
                ),
            )
        })?;
        match value {
            Value::Object(fields) => Ok(Self {
                fields,
                taken: BTreeSet::new(),
                errors: Vec::new(),
            }),
            _ => Err(Problem::new(
                ProblemKind::MalformedJson,
                "The body must be a JSON object.",
            )),
        }
    }

    /// Fields that are texts. Of one that comes twice the last one counts.
    pub(super) fn of_texts(texts: impl Iterator<Item = (String, String)>) -> Self {
        Self {
            fields: texts.map(|(name, text)| (name, text.into())).collect(),
            taken: BTreeSet::new(),
            errors: Vec::new(),
        }
    }

    /// Reads a `T` and holds the object to it: what it did not ask for is a mistake.
    pub(super) fn read<T: FromBody>(mut self) -> Result<T, Problem> {
        let value = T::from_body(&mut self);
        for name in self.fields.keys() {
            if !self.taken.contains(name.as_str()) {
                let shown: String = name.chars().take(MAX_NAME_SHOWN).collect();
                self.errors.push(FieldError::in_body(
                    &shown,
                    "unknown",
                    "is not a known field",
                ));
            }
        }
        self.errors.truncate(MAX_ERRORS);
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(Problem::validation(self.errors)),
        }
    }

    /// A text that must be there.
    pub(crate) fn text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        self.required(name, |value| value.as_str().ok_or(NOT_TEXT).and_then(parse))
    }

    /// A text that may be left out, or be null.
    pub(crate) fn optional_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        self.optional(name, |value| value.as_str().ok_or(NOT_TEXT).and_then(parse))
    }

    /// A text that a merge patch may set and cannot remove.
    pub(crate) fn patched_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        if self.fields.contains_key(name) {
            self.text(name, parse)
        } else {
            None
        }
    }

    /// A text that a merge patch may set, or remove by null: `None` where it does neither.
    pub(crate) fn patched_optional_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        match self.fields.get(name) {
            Some(Value::Null) => {
                self.taken.insert(name);
                Some(None)
            }
            Some(_) => self.text(name, parse).map(Some),
            None => None,
        }
    }

    /// An object that must be there, of names that `known` knows, and true or false for each.
    pub(crate) fn flags<T>(
        &mut self,
        name: &'static str,
        known: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<(T, bool)>> {
        let entries = self.required(name, |value| {
            value.as_object().cloned().ok_or(NOT_AN_OBJECT)
        })?;
        let mut flags = Vec::new();
        for (key, value) in &entries {
            let shown: String = key.chars().take(MAX_NAME_SHOWN).collect();
            let mistake = match (known(key), value.as_bool()) {
                (Some(key), Some(flag)) => {
                    flags.push((key, flag));
                    continue;
                }
                (None, _) => ("unknown", "is not a known field"),
                (Some(_), None) => ("type.flag", "must be true or false"),
            };
            let (code, rule) = mistake;
            self.errors
                .push(FieldError::in_object(name, &shown, code, rule));
        }
        Some(flags)
    }

    /// A UUID that must be there.
    pub(crate) fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        self.required(name, uuid)
    }

    /// A UUID that may be left out, or be null.
    pub(crate) fn optional_uuid(&mut self, name: &'static str) -> Option<Uuid> {
        self.optional(name, uuid)
    }

    /// A whole number from 0 on that must be there.
    pub(crate) fn whole(&mut self, name: &'static str) -> Option<u64> {
        self.required(name, |value| value.as_u64().ok_or(NOT_WHOLE))
    }

    /// A list of at most `max` UUIDs that must be there; each is returned once, in their order.
    pub(crate) fn uuids(&mut self, name: &'static str, max: usize) -> Option<Vec<Uuid>> {
        self.list(name, max, uuid)
    }

    /// A list of at most `max` texts that must be there; each is returned once, in their order.
    pub(crate) fn texts<T: Clone + Ord>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Violation>,
    ) -> Option<Vec<T>> {
        self.list(name, max, |value| {
            value.as_str().ok_or(NOT_TEXT).and_then(&parse)
        })
    }

    /// The same where it may be left out, or be null: that is an empty list.
    pub(crate) fn optional_texts<T: Clone + Ord>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Violation>,
    ) -> Option<Vec<T>> {
        self.taken.insert(name);
        match self.fields.get(name) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(_) => self.texts(name, max, parse),
        }
    }

    fn list<T: Clone + Ord>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&Value) -> Result<T, Violation>,
    ) -> Option<Vec<T>> {
        let elements = self.required(name, |value| match value {
            Value::Array(elements) if elements.len() > max => Err(Violation {
                code: "list.length",
                rule: "names too many at once",
            }),
            Value::Array(elements) => Ok(elements.clone()),
            _ => Err(NOT_A_LIST),
        })?;
        let mut seen = BTreeSet::new();
        let mut parsed = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            match parse(element) {
                Ok(value) if seen.insert(value.clone()) => parsed.push(value),
                Ok(_repeated) => {}
                Err(Violation { code, rule }) => self
                    .errors
                    .push(FieldError::in_list(name, index, code, rule)),
            }
        }
        Some(parsed)
    }

    /// Notes a mistake that no field shows by itself.
    pub(crate) fn refuse(&mut self, name: &'static str, violation: Violation) {
        let Violation { code, rule } = violation;
        self.errors.push(FieldError::in_body(name, code, rule));
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        self.taken.insert(name);
        let parsed = match self.fields.get(name) {
            Some(value) => parse(value),
            None => Err(Violation {
                code: "required",
                rule: "is required",
            }),
        };
        parsed
            .map_err(|violation| self.refuse(name, violation))
            .ok()
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        self.taken.insert(name);
        match self.fields.get(name) {
            None | Some(Value::Null) => None,
            Some(_) => self.required(name, parse),
        }
    }
}

fn uuid(value: &Value) -> Result<Uuid, Violation> {
    let text = value.as_str().ok_or(NOT_A_UUID)?;
    Uuid::try_parse(text).map_err(|_not_one| NOT_A_UUID)
}

#[cfg(test)]
mod tests {
    use abu_domain::{messaging::text::RoomName, platform::text::EmailAddress};
    use serde_json::json;

    use super::*;

    #[derive(Debug)]
    struct Sample {
        email: EmailAddress,
        name: Option<RoomName>,
        ids: Vec<Uuid>,
    }

    impl FromBody for Sample {
        fn from_body(body: &mut BodyFields) -> Option<Self> {
            let email = body.text("email", EmailAddress::parse);
            let name = body.optional_text("name", RoomName::parse);
            let ids = body.uuids("ids", 3);
            Some(Self {
                email: email?,
                name,
                ids: ids?,
            })
        }
    }

    fn read(body: &Value) -> Result<Sample, Value> {
        BodyFields::parse(body.to_string().as_bytes())
            .and_then(BodyFields::read)
            .map_err(|problem| serde_json::to_value(problem.document(None)).unwrap())
    }

    fn pointers(problem: &Value) -> Vec<(&str, &str)> {
        problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                (
                    error["pointer"].as_str().unwrap(),
                    error["code"].as_str().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn every_mistake_is_named_at_once_with_its_place() {
        let id = "8c6f7ad8-0f0c-4f3c-9f0a-8a5a4f1e9d11";
        let problem = read(&json!({"name": 7, "ids": [id, "x", 3], "nickname": "a"})).unwrap_err();
        assert_eq!(
            pointers(&problem),
            [
                ("/email", "required"),
                ("/name", "type.text"),
                ("/ids/1", "uuid.invalid"),
                ("/ids/2", "uuid.invalid"),
                ("/nickname", "unknown"),
            ]
        );
    }

    #[test]
    fn an_optional_text_that_is_null_is_the_same_as_one_left_out() {
        let sample = read(&json!({"email": "a@example.com", "name": null, "ids": []})).unwrap();
        assert_eq!(sample.name, None);
        assert_eq!(sample.email.as_str(), "a@example.com");
    }

    #[test]
    fn an_id_named_twice_counts_once_and_too_many_ids_are_refused() {
        let id = "8c6f7ad8-0f0c-4f3c-9f0a-8a5a4f1e9d11";
        let sample = read(&json!({"email": "a@example.com", "ids": [id, id.to_uppercase()]}));
        assert_eq!(sample.unwrap().ids.len(), 1);
        let problem = read(&json!({"email": "a@example.com", "ids": [id, id, id, id]}));
        assert_eq!(pointers(&problem.unwrap_err()), [("/ids", "list.length")]);
    }

    #[test]
    fn flags_are_read_by_name_and_each_wrong_one_is_named() {
        let mut body = BodyFields::parse(
            br#"{"flags": {"a": true, "b": false, "c/d": true, "e": 1}, "others": [], "none": null}"#,
        )
        .unwrap();
        let known = |name: &str| ["a", "b", "e"].into_iter().find(|known| *known == name);
        assert_eq!(
            body.flags("flags", known),
            Some(vec![("a", true), ("b", false)])
        );
        assert_eq!(body.flags("others", known), None);
        assert_eq!(body.flags("none", known), None);
        assert_eq!(body.flags("absent", known), None);
        let problem =
            serde_json::to_value(Problem::validation(body.errors).document(None)).unwrap();
        assert_eq!(
            pointers(&problem),
            [
                ("/flags/c~1d", "unknown"),
                ("/flags/e", "type.flag"),
                ("/others", "type.object"),
                ("/none", "type.object"),
                ("/absent", "required"),
            ]
        );
    }

    #[test]
    fn a_merge_patch_sets_removes_or_leaves_a_text() {
        let mut body = BodyFields::parse(br#"{"set": "Bello", "removed": null}"#).unwrap();
        let mut patched = |name| body.patched_optional_text(name, RoomName::parse);
        assert_eq!(
            patched("set"),
            Some(Some(RoomName::parse("Bello").unwrap()))
        );
        assert_eq!(patched("removed"), Some(None));
        assert_eq!(patched("left"), None);
    }

    #[test]
    fn an_object_of_thousands_of_unknown_fields_gets_a_bounded_answer() {
        let body: Map<String, Value> = (0..5_000)
            .map(|i| (format!("{i}{}", "x".repeat(100)), Value::Null))
            .collect();
        let problem = read(&Value::Object(body)).unwrap_err();
        assert_eq!(problem["errors"].as_array().unwrap().len(), MAX_ERRORS);
        assert!(problem.to_string().len() < 20_000);
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        for body in [
            "",
            "{",
            "[]",
            "null",
            "7",
            "{\"a\":1}x",
            "{\"a\":\"\u{0}\"}",
        ] {
            let problem = BodyFields::parse(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::MalformedJson, "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(BodyFields::parse(deep.as_bytes()).is_err());
        assert!(BodyFields::parse(&[b'{', b'"', 0xff, b'"', b':', b'1', b'}']).is_err());
    }
}
