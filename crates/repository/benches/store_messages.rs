//! Message throughput with durable commits: batches of several sizes, into one room and into many.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says why")]

use abu_application::messaging::{
    messages::write_batch,
    ports::{LockWait, StoreOutcome},
};
use abu_domain::{RoomId, UserId, messaging::message::NewMessage};
use abu_test_support::{PrivateCluster, TestDatabase, new_message};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const BATCHES: [usize; 4] = [1, 10, 100, 500];
const ROOMS: [usize; 2] = [1, 200];

fn store_messages(criterion: &mut Criterion) {
    let cluster = PrivateCluster::start_with(&[("fsync", "on")]);
    for rooms in ROOMS {
        let places = places(&cluster.database(), rooms);
        for (label, client_ids) in [("", false), (" with client ids", true)] {
            let mut group = criterion.benchmark_group(format!("{rooms} rooms{label}"));
            for size in BATCHES {
                group.throughput(Throughput::Elements(size as u64));
                group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                    let store = places.database.store();
                    bencher.iter_batched(
                        || places.batch(size, client_ids),
                        |batch| {
                            let outcomes = write_batch(&*store, &batch, &[], LockWait::Usual)
                                .unwrap()
                                .messages;
                            assert!(matches!(outcomes[size - 1], StoreOutcome::Stored(_)));
                        },
                        BatchSize::SmallInput,
                    );
                });
            }
        }
    }
}

/// Rooms with a few members each.
struct Places {
    database: TestDatabase,
    rooms: Vec<(RoomId, Vec<UserId>)>,
}

fn places(database: &TestDatabase, count: usize) -> Places {
    let users: Vec<UserId> = (0..10).map(|_| database.user().create().id).collect();
    let room = |_| {
        let others = users[1..].iter().copied();
        (
            database.group(users[0]).members(others).create().id,
            users.clone(),
        )
    };
    Places {
        database: database.clone(),
        rooms: (0..count).map(room).collect(),
    }
}

impl Places {
    fn batch(&self, size: usize, client_ids: bool) -> Vec<NewMessage> {
        let message = |number: usize| {
            let (room, members) = &self.rooms[number % self.rooms.len()];
            let sender = members[number % members.len()];
            let mut message = new_message(*room, sender, "Greetings from Samaru, how are you all?");
            message.client_message_id = client_ids.then(Uuid::new_v4);
            message
        };
        (0..size).map(message).collect()
    }
}

criterion_group!(benches, store_messages);
criterion_main!(benches);
