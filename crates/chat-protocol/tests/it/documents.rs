//! Documentation tests: the published pages agree with the types.

use std::fs;

use std::collections::BTreeSet;

use abu_chat_protocol::server::ErrorCode;
use abu_chat_protocol::{CloseCode, PACKETS, Profile, documents};
use serde_json::Value;

use crate::examples::{manifest_folder, round_trip};

const AGAIN: &str =
    "run: cargo run -p abu-chat-protocol --features schema --example generate-documents";

fn page(path: &str) -> String {
    fs::read_to_string(manifest_folder().join(path)).unwrap()
}

/// Every JSON block of the page that is a packet.
fn packets_shown(page: &str) -> Vec<Value> {
    page.split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .map(|block| serde_json::from_str(block).unwrap())
        .filter(|block: &Value| block.get("type").is_some())
        .collect()
}

#[test]
fn the_guide_for_clients_shows_every_packet_of_the_first_profile_just_as_its_example() {
    let shown = packets_shown(&page("../../docs/chat-protocol.md"));
    for info in PACKETS.iter().filter(|info| info.since == Profile::V1) {
        let example: Value = serde_json::from_str(info.example).unwrap();
        assert!(
            shown.contains(&example),
            "the example of {} is shown",
            info.name
        );
    }
}

#[test]
fn every_packet_the_pages_show_decodes() {
    for path in [
        "../../docs/chat-protocol.md",
        "../../docs/protocol/reference.md",
    ] {
        for packet in packets_shown(&page(path)) {
            let info = PACKETS.iter().find(|info| packet["type"] == info.name);
            round_trip(info.expect("a known type").direction, &packet.to_string());
        }
    }
}

#[test]
fn both_pages_list_every_error_code_and_close_code() {
    for path in ["README.md", "../../docs/chat-protocol.md"] {
        let text = page(path);
        for code in ErrorCode::KNOWN {
            assert!(
                text.contains(&format!("| `{}` |", code.as_str())),
                "{path}: {code:?}"
            );
        }
        for &code in CloseCode::NAMED {
            assert!(
                text.contains(&format!("| {} |", u16::from(code))),
                "{path}: {code:?}"
            );
        }
    }
}

#[test]
fn the_generated_documents_are_what_the_types_make_them() {
    let folder = manifest_folder().join("../../docs/protocol");
    let mut expected = BTreeSet::new();
    for document in documents::all() {
        let path = folder.join(&document.path);
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == document.text,
            "{} is out of date; {AGAIN}",
            document.path
        );
        expected.insert(document.path);
    }
    let schemas = fs::read_dir(folder.join("json-schema")).unwrap();
    for entry in schemas.map(|entry| entry.unwrap().path()) {
        let folder = entry.is_dir().then(|| fs::read_dir(&entry).unwrap());
        let files = folder
            .into_iter()
            .flatten()
            .map(|file| file.unwrap().path());
        for file in files.chain(entry.is_file().then_some(entry.clone())) {
            let path = file
                .strip_prefix(manifest_folder().join("../../docs/protocol"))
                .unwrap();
            assert!(
                expected.contains(path.to_str().unwrap()),
                "{path:?} is of no packet; {AGAIN}"
            );
        }
    }
}

#[test]
fn the_readme_has_the_table_of_packets_that_the_types_make() {
    let readme = page("README.md");
    assert!(
        documents::with_packet_table(&readme) == readme,
        "README.md is out of date; {AGAIN}"
    );
    for info in PACKETS {
        assert!(
            readme.contains(&format!("| [`{}`](", info.name)),
            "{}",
            info.name
        );
    }
}

#[test]
fn the_reference_tells_all_about_every_packet_and_its_links_lead_somewhere() {
    let reference = page("../../docs/protocol/reference.md");
    for info in PACKETS {
        let heading = format!("### `{}`\n", info.name);
        let (_, section) = reference.split_once(&heading).expect(info.name);
        let section = section.split("\n### ").next().unwrap();
        assert!(
            section.contains("Sent by"),
            "{}: who sends it to whom",
            info.name
        );
        assert!(
            section.contains(info.newest_example.trim_end()),
            "{}: its example",
            info.name
        );
        for code in info.errors {
            assert!(
                section.contains(&format!("`{}`", code.as_str())),
                "{}: {code:?}",
                info.name
            );
        }
    }
    let headings = reference.lines().filter_map(|line| line.strip_prefix("##"));
    let anchors: BTreeSet<String> = headings
        .map(|heading| heading.trim_start_matches('#').trim().replace('`', ""))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    for link in reference.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap();
        assert!(anchors.contains(anchor), "#{anchor} is no heading");
    }
}

#[test]
fn the_schema_of_one_packet_can_be_had_by_itself() {
    let schema = documents::packet_json_schema("message-edit", Profile::V2).unwrap();
    assert_eq!(schema["properties"]["type"]["const"], "message-edit");
    assert_eq!(
        documents::packet_json_schema("message-edit", Profile::V1),
        None
    );
    let whole = documents::json_schema(Profile::V1);
    assert!(whole["$defs"]["message-receive"].is_object());
    assert!(
        whole["$defs"]["MessageReceive"]["properties"]
            .get("seq")
            .is_none()
    );
}
