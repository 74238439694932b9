//! Example coverage: every packet has an example, and every example is a packet.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use abu_chat_protocol::{
    ClientPacket, Decoded, Direction, PACKETS, PacketInfo, Profile, ServerPacket,
};
use serde_json::Value;

/// Decodes a packet the way it travels and encodes it again.
pub(crate) fn round_trip(direction: Direction, json: &str) -> (&'static str, String) {
    match direction {
        Direction::ToServer => match ClientPacket::decode(json) {
            Ok(Decoded::Known { packet, .. }) => (packet.name(), packet.to_json()),
            other => panic!("{json} decodes to {other:?}"),
        },
        Direction::ToClient => match ServerPacket::decode(json) {
            Ok(Decoded::Known { packet, .. }) => (packet.name(), packet.to_json()),
            other => panic!("{json} decodes to {other:?}"),
        },
    }
}

fn assert_survives(info: &PacketInfo, json: &str) {
    let (name, encoded) = round_trip(info.direction, json);
    assert_eq!(name, info.name);
    let before: Value = serde_json::from_str(json).unwrap();
    let after: Value = serde_json::from_str(&encoded).unwrap();
    assert_eq!(after, before);
}

fn file_stems(folder: &str) -> BTreeSet<String> {
    fs::read_dir(manifest_folder().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn manifest_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

#[test]
fn every_example_decodes_and_encodes_to_the_same_json() {
    for info in PACKETS {
        assert_survives(info, info.example);
        assert_survives(info, info.newest_example);
    }
}

/// The packets as clients in the field were first promised them, their identifiers not being UUIDs.
#[test]
fn the_first_published_packets_decode_and_encode_to_the_same_json() {
    let first = PACKETS.iter().filter(|info| info.since == Profile::V1);
    for info in first.filter(|info| info.name != "error") {
        let path = manifest_folder().join(format!("tests/fixtures/{}.json", info.name));
        assert_survives(info, &fs::read_to_string(path).unwrap());
    }
}

#[test]
fn every_file_of_examples_belongs_to_a_packet_of_the_table() {
    let names: BTreeSet<String> = PACKETS.iter().map(|info| info.name.to_owned()).collect();
    assert_eq!(names.len(), PACKETS.len(), "a wire name is used once");
    assert_eq!(file_stems("examples/packets"), names);
    let grown = PACKETS
        .iter()
        .filter(|info| info.example != info.newest_example);
    let grown: BTreeSet<String> = grown.map(|info| info.name.to_owned()).collect();
    assert_eq!(file_stems("examples/grown"), grown);
}

#[test]
fn every_packet_has_a_file_whose_rustdoc_shows_its_example() {
    for info in PACKETS {
        let folder = match info.direction {
            Direction::ToServer => "client",
            Direction::ToClient => "server",
        };
        let file = format!("src/{folder}/{}.rs", info.name.replace('-', "_"));
        let source = fs::read_to_string(manifest_folder().join(&file)).unwrap();
        let shown = format!(
            "    /// ```json\n    #[doc = include_str!(\"../../examples/packets/{}.json\")]\n    /// ```\n    pub struct",
            info.name
        );
        assert!(source.contains(&shown), "{file} shows its example");
        assert!(
            source.contains("    /// Sent by"),
            "{file} says who sends the packet"
        );
    }
}
