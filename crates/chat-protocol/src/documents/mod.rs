//! Documentation generated from the types: JSON Schemas, TypeScript types, an AsyncAPI document, the
//! reference page, and the table of packets with their examples as data.
//!
//! They lie in `docs/protocol/` of the project. `cargo run -p abu-chat-protocol --features schema
//! --example generate-documents` writes them, and a test fails while they differ from the types.

mod asyncapi;
mod catalog;
mod json_schema;
mod packets;
mod reference;
mod typescript;

use serde_json::Value;

use crate::Profile;

use self::catalog::Catalog;

/// A document as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// Where it belongs, from `docs/protocol/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Every document, the same bytes each time.
pub fn all() -> Vec<Document> {
    let newest = Catalog::of(Profile::NEWEST);
    let mut documents = vec![
        Document::new("asyncapi.json", pretty(asyncapi::document(&newest))),
        Document::new("packets.json", pretty(packets::document(&newest))),
        Document::new("reference.md", reference::page(&newest)),
        Document::new("typescript/index.d.ts", typescript::declarations()),
        Document::new("typescript/package.json", pretty(typescript::package())),
    ];
    for &profile in Profile::ALL {
        let catalog = Catalog::of(profile);
        let folder = format!("json-schema/{}", profile.subprotocol());
        documents.push(Document::new(
            format!("{folder}.json"),
            pretty(json_schema::whole(&catalog)),
        ));
        documents.extend(catalog.packets.iter().map(|packet| {
            Document::new(
                format!("{folder}/{}.json", packet.info.name),
                pretty(json_schema::of_packet(&catalog, packet)),
            )
        }));
    }
    documents
}

/// The JSON Schema of all packets that `profile` has.
pub fn json_schema(profile: Profile) -> Value {
    json_schema::whole(&Catalog::of(profile))
}

/// The JSON Schema of the packet `name` as `profile` has it; `None` where it has not.
pub fn packet_json_schema(name: &str, profile: Profile) -> Option<Value> {
    let catalog = Catalog::of(profile);
    let packet = catalog
        .packets
        .iter()
        .find(|packet| packet.info.name == name)?;
    Some(json_schema::of_packet(&catalog, packet))
}

/// The crate's README with the table of packets in it brought up to date.
pub fn with_packet_table(readme: &str) -> String {
    const START: &str = "<!-- packets -->\n";
    const END: &str = "<!-- end of packets -->";
    let table = reference::crate_table(&Catalog::of(Profile::NEWEST));
    match (readme.split_once(START), readme.split_once(END)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{START}\n{table}\n{END}{after}"),
        _ => readme.to_owned(),
    }
}

impl Document {
    fn new(path: impl Into<String>, text: String) -> Self {
        Self {
            path: path.into(),
            text,
        }
    }
}

/// JSON in the same order whatever features of serde_json other crates turn on.
fn pretty(mut json: Value) -> String {
    json.sort_all_objects();
    format!("{json:#}\n")
}
