//! Benchmarks of decoding and encoding the packets of a busy chat, in each profile.

use std::hint::black_box;

use abu_chat_protocol::{ClientPacket, Decoded, PACKETS, Profile, RequestRef, ServerPacket};
use criterion::{Criterion, criterion_group, criterion_main};

fn example(name: &str, profile: Profile) -> &'static str {
    PACKETS
        .iter()
        .find(|packet| packet.name == name && packet.since <= profile)
        .map_or("", |packet| packet.example_in(profile))
}

/// The packets to measure in `profile`, out of those of v1 and those that v2 added.
fn measured(profile: Profile, first: &[&'static str], added: &[&'static str]) -> Vec<&'static str> {
    let added = if profile >= Profile::V2 { added } else { &[] };
    first.iter().chain(added).copied().collect()
}

fn decode(c: &mut Criterion) {
    for &profile in Profile::ALL {
        let mut group = c.benchmark_group(format!("decode {}", profile.subprotocol()));
        for name in measured(
            profile,
            &["message-send", "typing", "list-message-request"],
            &["message-edit", "reaction-add", "read-mark", "sync-request"],
        ) {
            let frame = example(name, profile);
            group.bench_function(name, |b| {
                b.iter(|| ClientPacket::decode_as(profile, black_box(frame)));
            });
        }
        let frame = r#"{"type":"message-send","payload":{"message":7,"room_id":"x"}}"#;
        group.bench_function("an invalid message-send", |b| {
            b.iter(|| ClientPacket::decode_as(profile, black_box(frame)).is_err());
        });
        group.finish();
    }
}

fn encode(c: &mut Criterion) {
    let request_ref = RequestRef::new("request-1").ok();
    for &profile in Profile::ALL {
        let mut group = c.benchmark_group(format!("encode {}", profile.subprotocol()));
        for name in measured(
            profile,
            &[
                "message-receive",
                "typing-notify",
                "error",
                "list-message-response",
            ],
            &[
                "message-updated",
                "reaction-notify",
                "read-notify",
                "sync-response",
            ],
        ) {
            let packet = ServerPacket::decode_as(profile, example(name, profile))
                .ok()
                .and_then(Decoded::known);
            let mut out = Vec::with_capacity(1_024);
            group.bench_function(name, |b| {
                b.iter(|| {
                    out.clear();
                    if let Some(packet) = black_box(&packet) {
                        packet.write_json_with_ref(request_ref.as_ref(), profile, &mut out);
                    }
                    out.len()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
