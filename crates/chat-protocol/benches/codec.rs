//! What it costs to read and to write the packets of a busy chat.

use std::hint::black_box;

use abu_chat_protocol::{ClientPacket, PACKETS, Profile, ServerPacket};
use criterion::{Criterion, criterion_group, criterion_main};

fn example(name: &str) -> &'static str {
    PACKETS
        .iter()
        .find(|packet| packet.name == name)
        .map_or("", |packet| packet.example)
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for name in ["message-send", "typing", "list-message-request"] {
        let frame = example(name);
        group.bench_function(name, |b| {
            b.iter(|| ClientPacket::decode(black_box(frame)));
        });
    }
    let frame = r#"{"type":"message-send","payload":{"message":7,"room_id":"x"}}"#;
    group.bench_function("an invalid message-send", |b| {
        b.iter(|| ClientPacket::decode(black_box(frame)).is_err());
    });
    group.finish();
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for name in ["message-receive", "typing-notify", "error"] {
        let packet = ServerPacket::decode(example(name))
            .ok()
            .and_then(abu_chat_protocol::Decoded::known);
        let mut out = Vec::with_capacity(1_024);
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                if let Some(packet) = black_box(&packet) {
                    packet.write_json(Profile::V1, &mut out);
                }
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
