//! The pages that people read say what the code says.

use std::fs;

use abu_chat_protocol::server::ErrorCode;
use abu_chat_protocol::{CloseCode, PACKETS};
use serde_json::Value;

use crate::examples::{manifest_folder, round_trip};

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
fn the_guide_for_clients_shows_every_packet_just_as_its_example() {
    let shown = packets_shown(&page("../../docs/chat-protocol.md"));
    for info in PACKETS {
        let example: Value = serde_json::from_str(info.example).unwrap();
        assert!(
            shown.contains(&example),
            "the example of {} is shown",
            info.name
        );
    }
}

#[test]
fn every_packet_the_guide_for_clients_shows_decodes() {
    for packet in packets_shown(&page("../../docs/chat-protocol.md")) {
        let info = PACKETS.iter().find(|info| packet["type"] == info.name);
        round_trip(info.expect("a known type").direction, &packet.to_string());
    }
}

#[test]
fn both_pages_list_every_packet_error_code_and_close_code() {
    for path in ["README.md", "../../docs/chat-protocol.md"] {
        let text = page(path);
        for info in PACKETS {
            assert!(
                text.contains(&format!("`{}`", info.name)),
                "{path}: {}",
                info.name
            );
        }
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
