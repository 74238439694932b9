//! TypeScript declarations: the newest profile at the top level, each older one in a namespace.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::catalog::{Catalog, description, fields, referred};
use crate::{CloseCode, Direction, PACKETS, Profile};

const HEAD: &str = "\
// The packets of the ABU Alumni Connect chat.
// Made from the types of the Rust crate abu-chat-protocol by its example generate-documents: do not edit.
";

const ENVELOPE: &str = "\
/** What every packet is. `ref` stands on requests, if the client likes, and on what answers them. */
export interface Packet<Type extends string, Payload> {
  type: Type;
  payload: Payload;
  ref?: string;
}
";

const ENVELOPE_V1: &str = "\
/** What every packet is. */
export interface Packet<Type extends string, Payload> {
  type: Type;
  payload: Payload;
}
";

/// The declarations of every profile.
pub(super) fn declarations() -> String {
    let mut out = format!("{HEAD}\n");
    write_profile(&Catalog::of(Profile::NEWEST), &mut out);
    out.push('\n');
    write_answers(&mut out);
    out.push('\n');
    write_close_codes(&mut out);
    for &profile in Profile::ALL
        .iter()
        .filter(|&&profile| profile != Profile::NEWEST)
    {
        let mut inner = String::new();
        write_profile(&Catalog::of(profile), &mut inner);
        let name = format!("{profile:?}");
        let subprotocol = profile.subprotocol();
        out.push_str(&format!(
            "\n/** The packets as `{subprotocol}` has them. */\nexport namespace {name} {{\n"
        ));
        for line in inner.lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            out.push_str(&format!("{indent}{line}\n"));
        }
        out.push_str("}\n");
    }
    out
}

/// The package that the declarations are.
pub(super) fn package() -> Value {
    json!({
        "name": "abu-chat-protocol",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "TypeScript types of the packets of the ABU Alumni Connect chat",
        "license": env!("CARGO_PKG_LICENSE"),
        "repository": {"type": "git", "url": concat!("git+", env!("CARGO_PKG_REPOSITORY"), ".git")},
        "types": "./index.d.ts",
        "exports": {".": {"types": "./index.d.ts"}},
        "files": ["index.d.ts"],
    })
}

fn write_profile(catalog: &Catalog, out: &mut String) {
    let subprotocol = catalog.profile.subprotocol();
    write_doc(
        "The name of the profile in `Sec-WebSocket-Protocol`. Offer both, newest first: an older server has v1 alone: \
         `new WebSocket(url, [\"abu.chat.v2\", \"abu.chat.v1\"])`.",
        "",
        out,
    );
    let _ = writeln!(out, "export type Subprotocol = \"{subprotocol}\";\n");
    out.push_str(if catalog.profile >= Profile::V2 {
        ENVELOPE
    } else {
        ENVELOPE_V1
    });
    for (name, direction, doc) in [
        (
            "ClientPacket",
            Direction::ToServer,
            "A packet that a client sends to the server.",
        ),
        (
            "ServerPacket",
            Direction::ToClient,
            "A packet that the server sends to clients. There may come others: ignore what you do not know.",
        ),
    ] {
        out.push('\n');
        write_doc(doc, "", out);
        let _ = write!(out, "export type {name} =");
        for packet in catalog.towards(direction) {
            let _ = write!(
                out,
                "\n  | Packet<\"{}\", {}>",
                packet.info.name, packet.payload
            );
        }
        out.push_str(";\n");
    }
    for packet in &catalog.packets {
        out.push('\n');
        write_type(&packet.payload, &catalog.types[&packet.payload], out);
    }
    for (name, schema) in catalog.other_types() {
        out.push('\n');
        write_type(name, schema, out);
    }
}

fn write_type(name: &str, schema: &Value, out: &mut String) {
    write_doc(description(schema), "", out);
    if schema["type"] != "object" {
        let _ = writeln!(out, "export type {name} = {};", type_of(schema));
        return;
    }
    let _ = writeln!(out, "export interface {name} {{");
    for (field, schema, is_required) in fields(schema) {
        write_doc(description(schema), "  ", out);
        let mark = if is_required { "" } else { "?" };
        let _ = writeln!(out, "  {field}{mark}: {};", type_of(schema));
    }
    out.push_str("}\n");
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = referred(&schema["$ref"]) {
        return name.to_owned();
    }
    let words = |key: &str| {
        let words = schema[key].as_array().into_iter().flatten();
        let words: Vec<String> = words
            .filter_map(|word| word.get("const"))
            .map(Value::to_string)
            .collect();
        words.join(" | ")
    };
    match &schema["type"] {
        Value::Array(types) => {
            let types: Vec<String> = types
                .iter()
                .map(|name| {
                    if name == "null" {
                        "null".to_owned()
                    } else {
                        type_of(&json!({"type": name}))
                    }
                })
                .collect();
            types.join(" | ")
        }
        name if name == "boolean" => "boolean".to_owned(),
        name if name == "integer" => "number".to_owned(),
        name if name == "array" => format!("{}[]", type_of(&schema["items"])),
        _ if schema.get("oneOf").is_some() => words("oneOf"),
        // The second part keeps the words in an editor's suggestions and lets any other through.
        _ if schema.get("anyOf").is_some() => format!("{} | (string & {{}})", words("anyOf")),
        _ => "string".to_owned(),
    }
}

/// Which packet answers which: for a client that waits for the answer to a `ref`.
fn write_answers(out: &mut String) {
    write_doc(
        "The `type` that answers a request when all goes well; `error` may answer any. Requests that are not here have no answer.",
        "",
        out,
    );
    out.push_str("export interface Answers {\n");
    for info in PACKETS {
        if let Some(answer) = info.answered_by {
            let _ = writeln!(out, "  \"{}\": \"{answer}\";", info.name);
        }
    }
    out.push_str("}\n");
}

fn write_close_codes(out: &mut String) {
    write_doc(
        "The codes that the server closes a connection with. There may come others.",
        "",
        out,
    );
    let codes = CloseCode::NAMED
        .iter()
        .map(|&code| u16::from(code).to_string());
    let codes: Vec<String> = codes.collect();
    let _ = writeln!(out, "export type CloseCode = {};", codes.join(" | "));
}

fn write_doc(text: &str, indent: &str, out: &mut String) {
    const WIDTH: usize = 100;
    if text.is_empty() {
        return;
    }
    if !text.contains('\n') && indent.len() + text.len() + 7 <= WIDTH {
        let _ = writeln!(out, "{indent}/** {text} */");
        return;
    }
    let _ = writeln!(out, "{indent}/**");
    for paragraph in text.split('\n') {
        let mut line = format!("{indent} *");
        for word in paragraph.split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                let _ = writeln!(out, "{line}");
                line = format!("{indent} *");
            }
            if !word.is_empty() {
                line.push(' ');
                line.push_str(word);
            }
        }
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{indent} */");
}
