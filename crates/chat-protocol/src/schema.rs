//! JSON Schemas of payloads and words, from what the macros that define these know.
//!
//! Two keywords are of our own: `x-since`, the profile that brought a field, and `x-order`, the fields
//! as the struct has them, which is for the documents alone and taken out of what is published.

use schemars::transform::RecursiveTransform;
use schemars::transform::Transform as _;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use crate::Profile;
use crate::table::PACKETS;

/// A field of a payload.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) schema: Schema,
    /// Whether reading fails without it, its marks left aside.
    pub(crate) is_required: bool,
    pub(crate) marks: &'static [Mark],
}

/// What the mark of a field means to a schema.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    /// Always there, as `null` where it has no value.
    Always,
    /// Not there where it is the default.
    Sparse,
    /// Always there in the profiles that have it.
    Promised,
    /// In this profile and newer ones.
    Since(Profile),
    /// 1 to this many characters.
    Characters(usize),
    /// 1 to this many entries.
    Entries(usize),
}

/// The schema of a payload.
pub(crate) fn object(doc: &[&str], fields: Vec<Field>) -> Schema {
    let order: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let required: Vec<&str> = fields.iter().filter_map(Field::when_required).collect();
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|field| (field.name.to_owned(), field.into_property()))
        .collect();
    json_schema!({
        "description": prose(doc),
        "type": "object",
        "properties": properties,
        "required": required,
        "x-order": order,
    })
}

/// The schema of text that follows no rule but the one its words tell.
pub(crate) fn text(doc: &[&str]) -> Schema {
    json_schema!({"description": prose(doc), "type": "string"})
}

/// The schema of a set of words that is complete.
pub(crate) fn closed_words(doc: &[&str], words: &[(&str, &[&str])]) -> Schema {
    json_schema!({"description": prose(doc), "type": "string", "oneOf": known(words)})
}

/// The schema of a set of words that may grow.
pub(crate) fn open_words(doc: &[&str], words: &[(&str, &[&str])]) -> Schema {
    let mut any = known(words);
    any.push(json!({"description": "Any other: the set may grow."}));
    json_schema!({"description": prose(doc), "type": "string", "anyOf": any})
}

fn known(words: &[(&str, &[&str])]) -> Vec<Value> {
    words
        .iter()
        .map(|(word, doc)| json!({"const": word, "description": prose(doc)}))
        .collect()
}

impl Field {
    fn when_required(&self) -> Option<&'static str> {
        let is_required = match self.marks {
            [Mark::Always | Mark::Promised, ..] => true,
            [Mark::Sparse, ..] => false,
            _ => self.is_required,
        };
        is_required.then_some(self.name)
    }

    fn into_property(self) -> Value {
        let mut schema = self.schema;
        schema.insert("description".to_owned(), prose(self.doc).into());
        for &mark in self.marks {
            match mark {
                Mark::Always => {
                    let plain = schema.get("type").cloned();
                    schema.insert("type".to_owned(), json!([plain, "null"]));
                }
                Mark::Since(profile) => {
                    schema.insert("x-since".to_owned(), profile.subprotocol().into());
                }
                Mark::Characters(most) => {
                    schema.insert("minLength".to_owned(), 1.into());
                    schema.insert("maxLength".to_owned(), most.into());
                }
                Mark::Entries(most) => {
                    schema.insert("minItems".to_owned(), 1.into());
                    schema.insert("maxItems".to_owned(), most.into());
                }
                Mark::Sparse | Mark::Promised => {}
            }
        }
        schema.into()
    }
}

/// Takes out of a schema what only a profile newer than `profile` has.
pub(crate) fn limit_to(profile: Profile, schema: &mut Schema) {
    RecursiveTransform(|schema: &mut Schema| {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        properties.retain(|_, property| is_in(profile, property));
        let left: Vec<String> = properties.keys().cloned().collect();
        for list in ["required", "x-order"] {
            if let Some(names) = schema.get_mut(list).and_then(Value::as_array_mut) {
                names.retain(|name| left.iter().any(|left| name == left));
            }
        }
    })
    .transform(schema);
}

fn is_in(profile: Profile, property: &Value) -> bool {
    let since = property.get("x-since").and_then(Value::as_str);
    since
        .and_then(Profile::from_subprotocol)
        .is_none_or(|since| since <= profile)
}

/// A doc comment as plain Markdown for readers who know no Rust: paragraphs on one line each, links to
/// types turned into the names on the wire, and without the example, which stands by itself.
pub(crate) fn prose(doc: &[&str]) -> String {
    let mut paragraphs = vec![String::new()];
    for line in doc.iter().map(|line| line.trim()) {
        match (line, paragraphs.last_mut()) {
            ("```json", _) => break,
            ("", _) => paragraphs.push(String::new()),
            (line, Some(paragraph)) if paragraph.is_empty() => paragraph.push_str(line),
            (line, Some(paragraph)) => {
                paragraph.push(' ');
                paragraph.push_str(line);
            }
            (_, None) => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    without_links(&paragraphs.join("\n\n"))
}

/// Turns ``[`Type`](path)`` into `` `wire-name` `` where the type is a packet, and into its text
/// otherwise.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, label, after)) = next_link(rest) {
        out.push_str(before);
        let wire_name = kebab_case(label.trim_matches('`'));
        if PACKETS.iter().any(|info| info.name == wire_name) {
            out.push_str(&format!("`{wire_name}`"));
        } else {
            out.push_str(label);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands before the first link, its label, and what stands after it.
fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (label, rest) = rest.split_once("](")?;
    let (_, after) = rest.split_once(')')?;
    Some((before, label, after))
}

/// `MessageSend` as `message-send`.
pub(crate) fn kebab_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_a_line_a_paragraph_names_of_the_wire_and_no_example() {
        let doc = [
            " Says [`hello`](crate::x).",
            "",
            " Answered with [`MessageReceive`](crate::server::MessageReceive),",
            " or not.",
            "",
            " ```json",
            "{}",
            " ```",
        ];
        assert_eq!(
            prose(&doc),
            "Says `hello`.\n\nAnswered with `message-receive`, or not."
        );
    }
}
