//! The reference page in Markdown, and the table of packets in the crate's README.

use std::fmt::Write as _;

use serde_json::Value;

use super::catalog::{Catalog, Packet, description, fields, referred};
use crate::schema::kebab_case;
use crate::server::ErrorCode;
use crate::{CloseCode, Direction, PACKETS, Profile, Reconnect};

/// The words that have a section of their own.
const ERROR_CODE: &str = "ErrorCode";

const HEAD: &str = "\
<!-- Made from the types by `cargo run -p abu-chat-protocol --features schema --example generate-documents`: do not edit. -->

# Reference of the chat's packets

Every packet with its fields, an example, and what can go wrong. How a connection comes about, lives and
ends is in [the guide](../chat-protocol.md). The same as data:
[JSON Schemas](json-schema), [TypeScript types](typescript), [AsyncAPI](asyncapi.json).

A field or packet marked v2 is only there for a session that speaks `abu.chat.v2`. Such a session may also
put a `ref` beside `type` and `payload` of any packet it sends: any text of at most 64 characters, which
comes back as `ref` on what answers that packet, to that session alone.
";

/// The whole page.
pub(super) fn page(catalog: &Catalog) -> String {
    let mut out = HEAD.to_owned();
    write_overview(
        "Packets to the server",
        Direction::ToServer,
        catalog,
        &mut out,
    );
    write_overview("Packets to clients", Direction::ToClient, catalog, &mut out);
    out.push_str(
        "\nFurther: [types](#types) · [error codes](#error-codes) · [close codes](#close-codes)\n",
    );
    for packet in &catalog.packets {
        write_packet(catalog, packet, &mut out);
    }
    write_types(catalog, &mut out);
    write_error_codes(catalog, &mut out);
    write_close_codes(&mut out);
    out
}

/// The table of packets for the crate's README, with links to the Rust types.
pub(super) fn crate_table(catalog: &Catalog) -> String {
    let mut out = "| type | since | direction | meaning |\n|---|---|---|---|\n".to_owned();
    for packet in &catalog.packets {
        let (folder, direction) = match packet.info.direction {
            Direction::ToServer => ("client", "to the server"),
            Direction::ToClient => ("server", "to clients"),
        };
        let _ = writeln!(
            out,
            "| [`{}`]({folder}::{}) | {} | {direction} | {} |",
            packet.info.name,
            packet.payload,
            short(packet.info.since),
            catalog.summary(packet),
        );
    }
    out
}

fn write_overview(title: &str, direction: Direction, catalog: &Catalog, out: &mut String) {
    let _ = writeln!(out, "\n## {title}\n");
    out.push_str(match direction {
        Direction::ToServer => "| packet | since | answered by | meaning |\n|---|---|---|---|\n",
        Direction::ToClient => "| packet | since | meaning |\n|---|---|---|\n",
    });
    for packet in catalog.towards(direction) {
        let name = packet.info.name;
        let _ = write!(
            out,
            "| [`{name}`](#{name}) | {} |",
            short(packet.info.since)
        );
        if direction == Direction::ToServer {
            let answer = packet.info.answered_by.map_or("–".to_owned(), code);
            let _ = write!(out, " {answer} |");
        }
        let _ = writeln!(out, " {} |", catalog.summary(packet));
    }
}

fn write_packet(catalog: &Catalog, packet: &Packet, out: &mut String) {
    let info = packet.info;
    let _ = writeln!(out, "\n### `{}`\n", info.name);
    let direction = match info.direction {
        Direction::ToServer => "To the server",
        Direction::ToClient => "To clients",
    };
    let _ = writeln!(
        out,
        "*{direction}, since `{}`.*\n",
        info.since.subprotocol()
    );
    let _ = writeln!(out, "{}\n", catalog.description(&packet.payload));
    write_fields(&catalog.types[&packet.payload], out);
    if let Some(answer) = info.answered_by {
        let _ = writeln!(out, "\nAnswered by: [`{answer}`](#{answer}).");
    }
    if info.direction == Direction::ToServer {
        let errors: Vec<String> = packet.errors().map(code).collect();
        let particular = match errors.len() {
            0 => String::new(),
            _ => format!("{}, and ", errors.join(", ")),
        };
        let _ = writeln!(
            out,
            "\nErrors: {particular}[those of any packet](#error-codes)."
        );
    }
    let _ = writeln!(
        out,
        "\n```json\n{}\n```",
        info.example_in(catalog.profile).trim_end()
    );
}

fn write_fields(schema: &Value, out: &mut String) {
    out.push_str("| field | type | there | meaning |\n|---|---|---|---|\n");
    for (name, schema, is_required) in fields(schema) {
        let since = schema["x-since"]
            .as_str()
            .and_then(Profile::from_subprotocol);
        let there = if is_required {
            "always"
        } else {
            "may be left out"
        };
        let there = since.map_or(there.to_owned(), |since| {
            format!("{}: {there}", short(since))
        });
        let meaning = description(schema).replace("\n\n", " ").replace('\n', " ");
        let _ = writeln!(
            out,
            "| `{name}` | {} | {there} | {meaning} |",
            type_of(schema)
        );
    }
}

fn write_types(catalog: &Catalog, out: &mut String) {
    out.push_str("\n## Types\n");
    for (name, schema) in catalog
        .other_types()
        .filter(|(name, _)| *name != ERROR_CODE)
    {
        let _ = writeln!(out, "\n### {name}\n\n{}", description(schema));
        if schema["type"] == "object" {
            out.push('\n');
            write_fields(schema, out);
        } else if words(schema).next().is_some() {
            out.push_str("\n| word | meaning |\n|---|---|\n");
            for (word, meaning) in words(schema) {
                let _ = writeln!(out, "| `{word}` | {meaning} |");
            }
        } else {
            let _ = writeln!(out, "\nA {}.", type_of(schema));
        }
    }
}

fn write_error_codes(catalog: &Catalog, out: &mut String) {
    let of_any: Vec<String> = ErrorCode::COMMON
        .iter()
        .map(|it| code(it.as_str()))
        .collect();
    let _ = writeln!(
        out,
        "\n## Error codes\n\nAn `error` goes to the session at fault alone, and the session lives on. Any packet may be answered by {}.\n\n| code | meaning | may answer |\n|---|---|---|",
        of_any.join(", "),
    );
    for (word, meaning) in words(&catalog.types[ERROR_CODE]) {
        let is_common = ErrorCode::COMMON.iter().any(|it| it.as_str() == word);
        let answers = if is_common {
            "any packet".to_owned()
        } else {
            let packets = PACKETS
                .iter()
                .filter(|info| info.errors.iter().any(|it| it.as_str() == word));
            let packets: Vec<String> = packets.map(|info| code(info.name)).collect();
            packets.join(", ")
        };
        let _ = writeln!(out, "| `{word}` | {meaning} | {answers} |");
    }
}

fn write_close_codes(out: &mut String) {
    out.push_str("\n## Close codes\n\n| code | reason | what the client does |\n|---|---|---|\n");
    for &code in CloseCode::NAMED {
        let next = match code.reconnect() {
            Reconnect::WithBackoff => "reconnect with back-off",
            Reconnect::AfterNewToken => "get a new token, then reconnect",
            Reconnect::Never => "stay away",
        };
        let _ = writeln!(out, "| {} | {} | {next} |", u16::from(code), code.reason());
    }
}

/// What kind of value it is, with its bounds.
fn type_of(schema: &Value) -> String {
    if let Some(name) = referred(&schema["$ref"]) {
        let wire_name = kebab_case(name);
        let is_packet = PACKETS.iter().any(|info| info.name == wire_name);
        let anchor = match name {
            ERROR_CODE => "error-codes".to_owned(),
            _ if is_packet => wire_name,
            _ => name.to_lowercase(),
        };
        return format!("[{name}](#{anchor})");
    }
    let bounds = |least: &str, most: &str, unit: &str| {
        let (least, most) = (schema[least].as_u64(), schema[most].as_u64());
        most.map_or(String::new(), |most| {
            format!(", {} to {most} {unit}", least.unwrap_or(0))
        })
    };
    match schema["type"].as_str() {
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => format!("whole number from {}", schema["minimum"]),
        Some("array") => {
            format!(
                "list of {}{}",
                type_of(&schema["items"]),
                bounds("minItems", "maxItems", "entries")
            )
        }
        Some(_) => match schema["format"].as_str() {
            Some("date-time") => "time".to_owned(),
            Some("uuid") => "UUID".to_owned(),
            _ => format!("string{}", bounds("minLength", "maxLength", "characters")),
        },
        None => "string or `null`".to_owned(),
    }
}

fn words(schema: &Value) -> impl Iterator<Item = (&str, &str)> {
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema[key].as_array())
        .flatten()
        .filter_map(|word| Some((word["const"].as_str()?, description(word))))
}

fn short(profile: Profile) -> &'static str {
    profile.subprotocol().trim_start_matches("abu.chat.")
}

fn code(name: &str) -> String {
    format!("`{name}`")
}
