//! What a worker's registry costs: `cargo bench -p abu-chat --features bench`.

use std::hint::black_box;

use abu_chat::bench::BenchedRegistry;
use abu_domain::{RoomId, UserId};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

fn user(n: u64) -> UserId {
    UserId::new(Uuid::from_u64_pair(1, n))
}

fn room(n: u64) -> RoomId {
    RoomId::new(Uuid::from_u64_pair(2, n))
}

/// Users who are all in the same five rooms.
fn crowd(users: u64) -> BenchedRegistry {
    let rooms: Vec<RoomId> = (0..5).map(room).collect();
    let mut registry = BenchedRegistry::default();
    for n in 0..users {
        registry.admit(user(n), &rooms, n);
    }
    registry
}

fn registry(c: &mut Criterion) {
    let rooms: Vec<RoomId> = (0..5).map(room).collect();
    for users in [50, 1_000, 10_000] {
        let mut registry = crowd(users);
        let mut group = c.benchmark_group("registry");
        group.throughput(Throughput::Elements(users));
        group.bench_function(BenchmarkId::new("visit a room", users), |b| {
            b.iter(|| registry.visit_room(black_box(room(3))));
        });
        group.bench_function(BenchmarkId::new("share five rooms", users), |b| {
            b.iter(|| registry.sharing_a_room(black_box(user(7)), &rooms));
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("look up a member", users), |b| {
            b.iter(|| registry.is_member(black_box(user(7)), black_box(room(3))));
        });
        group.finish();
    }
}

criterion_group!(benches, registry);
criterion_main!(benches);
