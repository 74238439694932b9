//! JSON as text, because a parser would reorder its fields.

/// The JSON text with a line for each value, and its fields in the order in which they stand.
pub(super) fn indented(json: &str) -> String {
    let mut lines = String::new();
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    let mut previous = ' ';
    for c in json.chars() {
        let opens = matches!(c, '{' | '[');
        let closes = matches!(c, '}' | ']');
        if !in_text {
            let is_empty = closes && matches!(previous, '{' | '[');
            depth -= usize::from(closes);
            if (closes && !is_empty) || matches!(previous, ',' | '{' | '[') && !closes {
                lines.push('\n');
                lines.push_str(&"  ".repeat(depth));
            }
            depth += usize::from(opens);
        }
        lines.push(c);
        if c == ':' && !in_text {
            lines.push(' ');
        }
        in_text ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        previous = if in_text { ' ' } else { c };
    }
    lines + "\n"
}

/// The JSON text with one entry of each list of objects, `…` for texts, `0` for numbers and `true` for
/// flags.
pub(super) fn shape(json: &str) -> String {
    let mut shape = String::new();
    let mut rest = json;
    while let Some((before, after)) = rest.split_once('"') {
        let mut escaped = false;
        let end = after.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let (text, next) = after.split_at(end.unwrap());
        rest = &next[1..];
        let is_name = rest.starts_with(':');
        let shown = if is_name { text } else { "…" };
        shape.push_str(&format!("{}\"{shown}\"", valueless(before)));
    }
    shape.push_str(&valueless(rest));
    while let Some((first, others)) = shape.split_once("},{") {
        let (_, after) = others.split_once("}]").unwrap();
        shape = format!("{first}}}]{after}");
    }
    shape
}

/// The JSON between two texts, without what its numbers and flags say.
fn valueless(json: &str) -> String {
    let mut valueless = json.replace("false", "true");
    valueless = valueless.replace(|c: char| c.is_ascii_digit(), "0");
    while valueless.contains("00") {
        valueless = valueless.replace("00", "0");
    }
    valueless
}

#[test]
fn an_indented_text_is_the_same_json() {
    let json = r#"{"a":[1,{"b":"{,\"[:"}],"c":{},"d":[]}"#;
    let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"{,\\\"[:\"\n    }\n  ],\n  \
                    \"c\": {},\n  \"d\": []\n}\n";
    assert_eq!(indented(json), expected);
}

#[test]
fn a_shape_keeps_the_names_and_their_order() {
    let json = r#"{"b":"a \"text\"","a":[120,null,{"c7":true}],"l":[{"d":1},{"d":2}],"e":1}"#;
    let expected = r#"{"b":"…","a":[0,null,{"c7":true}],"l":[{"d":0}],"e":0}"#;
    assert_eq!(shape(json), expected);
}
