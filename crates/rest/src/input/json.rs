//! JSON objects (I-JSON, RFC 7493: the names in an object are unique) and the types of their fields.
//!
//! The syntax of the whole text is checked before the types of its fields, so that a type error is
//! reported of well-formed JSON alone.

use std::{collections::HashSet, fmt};

use abu_domain::Violation;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::{
    FieldError,
    error::{Step, UNKNOWN},
    violations::REQUIRED,
};
use crate::problem::{Problem, ProblemKind};

/// How serde names the types that fields have, with the violation of each.
const TYPES: [(&str, Violation); 5] = [
    ("a string", violation("type.text", "must be a text")),
    ("a sequence", violation("type.list", "must be a list")),
    ("a map", violation("type.object", "must be an object")),
    ("a boolean", violation("type.flag", "must be true or false")),
    (
        "u64",
        violation("type.whole", "must be a whole number from 0 on"),
    ),
];

/// The only other type, of which invalid ones are reported in many words.
pub(super) const NOT_A_UUID: Violation = violation("uuid.invalid", "must be a UUID");

const fn violation(code: &'static str, rule: &'static str) -> Violation {
    Violation { code, rule }
}

pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    match serde_json::from_slice(text).map_err(|error| malformed(&error))? {
        Shape::Object => typed(&mut serde_json::Deserializer::from_slice(text)),
        Shape::Other => Err(Problem::new(
            ProblemKind::MalformedJson,
            "The body must be a JSON object.",
        )),
    }
}

/// Reads a form, whose fields are all texts.
pub(super) fn read_form<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let fields = form_urlencoded::parse(text).into_owned();
    typed(Value::Object(
        fields.map(|(name, text)| (name, text.into())).collect(),
    ))
}

/// Reads a field that is there: without it, `#[serde(default)]` is `None`. Null is a value like any
/// other, which the field's type takes or refuses, so that merge patches tell it from nothing.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    // Of well-formed JSON, `Shape` refuses repeated keys alone.
    let detail = match error.is_data() {
        true => format!("The body repeats a key of an object, at line {line} column {column}."),
        false => format!("The body is not valid JSON, from line {line} column {column} on."),
    };
    Problem::new(ProblemKind::MalformedJson, detail)
}

fn typed<'de, T: Deserialize<'de>>(
    source: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Problem> {
    serde_path_to_error::deserialize(source)
        .map_err(|error| Problem::validation(vec![type_error(&error)]))
}

fn type_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let mut place: Vec<Step<'_>> = error.path().iter().filter_map(step).collect();
    let message = error.inner().to_string();
    if let Some(rest) = message.strip_prefix("missing field `") {
        let name = rest.split('`').next().unwrap_or_default();
        place.push(Step::Field(name));
        return FieldError::at(&place, REQUIRED);
    }
    if message.starts_with("unknown field `") {
        return FieldError::at(&place, UNKNOWN);
    }
    let (_, expected) = message.rsplit_once(", expected ").unwrap_or_default();
    let known = TYPES.iter().find(|(name, _)| expected.starts_with(name));
    FieldError::at(
        &place,
        known.map_or(NOT_A_UUID, |(_, violation)| *violation),
    )
}

fn step(segment: &Segment) -> Option<Step<'_>> {
    match segment {
        Segment::Map { key } => Some(Step::Field(key)),
        Segment::Seq { index } => Some(Step::Element(*index)),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// A JSON value of which no object repeats a key.
#[derive(Debug, PartialEq)]
enum Shape {
    Object,
    Other,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        while list.next_element::<Shape>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Shape, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("a repeated key"));
            }
            object.next_value::<Shape>()?;
        }
        Ok(Shape::Object)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Map, json};
    use uuid::Uuid;

    use super::*;
    use crate::input::error::MAX_NAME_SHOWN;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        text: String,
        id: Uuid,
        whole: u64,
        flags: BTreeMap<String, bool>,
        ids: Vec<Uuid>,
        optional: Option<String>,
        #[serde(default, deserialize_with = "present")]
        #[serde(skip_serializing_if = "Option::is_none")]
        patched: Option<String>,
        #[serde(default, deserialize_with = "present")]
        #[serde(skip_serializing_if = "Option::is_none")]
        removable: Option<Option<String>>,
    }

    fn sample_with(field: &str, value: Value) -> Vec<u8> {
        let mut sample = serde_json::to_value(Sample::default()).unwrap();
        sample[field] = value;
        sample.to_string().into_bytes()
    }

    fn document(text: &[u8]) -> Value {
        let problem = read::<Sample>(text).unwrap_err();
        serde_json::to_value(problem.document(None)).unwrap()
    }

    #[track_caller]
    fn assert_mistake(text: &[u8], place: &str, code: &str) {
        let document = document(text);
        let [error] = document["errors"].as_array().unwrap().as_slice() else {
            panic!("{document}");
        };
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(place), &json!(code))
        );
    }

    #[test]
    fn each_type_error_has_its_place_and_its_code() {
        let id = json!("8c6f7ad8-0f0c-4f3c-9f0a-8a5a4f1e9d11");
        for (field, value, place, code) in [
            ("text", json!(7), "/text", "type.text"),
            ("text", json!(null), "/text", "type.text"),
            ("text", json!([", expected u64"]), "/text", "type.text"),
            ("optional", json!({}), "/optional", "type.text"),
            ("patched", json!(null), "/patched", "type.text"),
            ("removable", json!(true), "/removable", "type.text"),
            ("id", json!(7), "/id", "uuid.invalid"),
            ("id", json!(", expected u64"), "/id", "uuid.invalid"),
            ("id", json!([]), "/id", "uuid.invalid"),
            ("whole", json!(-1), "/whole", "type.whole"),
            ("whole", json!(1.5), "/whole", "type.whole"),
            (
                "whole",
                json!(", expected a string"),
                "/whole",
                "type.whole",
            ),
            ("ids", json!("x"), "/ids", "type.list"),
            ("ids", json!({}), "/ids", "type.list"),
            ("ids", json!([id, id, 3]), "/ids/2", "uuid.invalid"),
            ("flags", json!([]), "/flags", "type.object"),
            ("flags", json!({"c/d": 1}), "/flags/c~1d", "type.flag"),
            ("a~b", json!({}), "/a~0b", "unknown"),
        ] {
            assert_mistake(&sample_with(field, value), place, code);
        }
        assert_mistake(b"{}", "/text", "required");
    }

    #[test]
    fn names_of_any_length_get_a_bounded_answer() {
        let body: Map<String, Value> = (0..5_000)
            .map(|i| (format!("{i}{}", "é/".repeat(100)), Value::Null))
            .collect();
        let document = document(Value::Object(body).to_string().as_bytes());
        assert_eq!(document["errors"].as_array().unwrap().len(), 1);
        let message = document["errors"][0]["message"].as_str().unwrap();
        let name = message.strip_suffix(" is not a known field").unwrap();
        assert_eq!(name.chars().count(), MAX_NAME_SHOWN);
        assert!(document.to_string().len() < 2_000);
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        for body in [
            "",
            "{",
            "[]",
            "null",
            "7",
            "{\"a\":1}x",
            "{\"a\":\"\u{0}\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1e999}",
            "{\"text\":7,",
            &deep,
        ] {
            let problem = read::<Sample>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::MalformedJson, "{body}");
        }
        let problem = read::<Sample>(b"{\"\xff\":1}").unwrap_err();
        assert_eq!(problem.kind(), ProblemKind::MalformedJson);
    }

    #[test]
    fn a_key_repeated_at_any_depth_makes_the_body_malformed() {
        for body in [
            r#"{"text":"a","te\u0078t":"a"}"#,
            r#"{"text":7,"unknown":1,"unknown":1}"#,
            r#"{"unknown":[[{"":1,"":1}]]}"#,
        ] {
            let document = document(body.as_bytes());
            assert_eq!(document["type"], "/problems/malformed-json", "{body}");
        }
        assert_eq!(
            document(b"{\"secret\":1,\n \"secret\":2}")["detail"],
            "The body repeats a key of an object, at line 2 column 9."
        );
        let apart = serde_json::from_str(r#"{"a":{"b":1},"c":[{"b":1},{"b":1}]}"#);
        assert_eq!(apart.ok(), Some(Shape::Object));
    }

    prop_compose! {
        fn samples()(
            text: String, id: u128, whole: u64, optional: Option<String>, patched: Option<String>,
            removable: Option<Option<String>>, ids: Vec<u128>,
            flags in prop::collection::btree_map(any::<String>(), any::<bool>(), 0..4),
        ) -> Sample {
            let (id, ids) = (Uuid::from_u128(id), ids.into_iter().map(Uuid::from_u128).collect());
            Sample { text, id, whole, flags, ids, optional, patched, removable }
        }
    }

    /// JSON values with the names of the sample's fields.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let name = prop_oneof!["text|id|whole|flags|ids|optional|patched", any::<String>()];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            let fields = prop::collection::btree_map(name.clone(), inner.clone(), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_well_formed_body_is_read_as_it_was_written(sample in samples()) {
            let text = serde_json::to_vec(&sample).unwrap();
            prop_assert_eq!(read::<Sample>(&text).unwrap(), sample);
        }

        #[test]
        fn every_json_value_is_read_or_refused_with_one_place(value in values()) {
            if let Err(problem) = read::<Sample>(value.to_string().as_bytes()) {
                let kind = problem.kind();
                let document = serde_json::to_value(problem.document(None)).unwrap();
                match kind {
                    ProblemKind::ValidationFailed => {
                        prop_assert_eq!(document["errors"].as_array().unwrap().len(), 1);
                    }
                    kind => prop_assert_eq!(kind, ProblemKind::MalformedJson),
                }
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in any::<Vec<u8>>(), json in r#"[\[\]{}",:0-9a-f\\ ]{0,40}"#) {
            let _ = read::<Sample>(&text);
            let _ = read::<Sample>(json.as_bytes());
            let _ = read_form::<Sample>(&text);
        }
    }
}
