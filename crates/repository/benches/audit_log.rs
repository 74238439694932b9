//! Audit-log throughput: appends per second from several threads with durable commits, and the time
//! to verify a long log.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says why")]

use std::time::Instant;

use abu_application::{
    platform::{
        audit::{Action, Actor, Entry, Target, verify},
        ports::{Clock, Ids, StoreError},
        system::{SystemClock, SystemIds},
    },
    store::Writes,
};
use abu_domain::{LoginSessionId, UserId};
use abu_test_support::{PrivateCluster, TestDatabase};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const THREADS: [u64; 2] = [1, 8];
const LONG_LOG: u64 = 100_000;

/// The entry of a log-in.
fn append(tx: &mut dyn Writes) -> Result<(), StoreError> {
    let user = UserId::new(SystemIds.random());
    Entry::new(Actor::User(user), Action::SessionCreate)
        .on(Target::session(LoginSessionId::new(SystemIds.random())))
        .with("device", "Firefox on Android")
        .write(tx, SystemIds.time_ordered(), SystemClock.now())
}

fn append_at_once(criterion: &mut Criterion) {
    let cluster = PrivateCluster::start_with(&[("fsync", "on")]);
    let mut group = criterion.benchmark_group("append to the audit log");
    group.throughput(Throughput::Elements(1));
    for threads in THREADS {
        let database = cluster.database();
        group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
            bencher.iter_custom(|entries| {
                let began = Instant::now();
                std::thread::scope(|scope| {
                    for thread in 0..threads {
                        let own = entries / threads + u64::from(thread < entries % threads);
                        let database = &database;
                        scope.spawn(move || {
                            (0..own).for_each(|_| database.transaction(append).unwrap());
                        });
                    }
                });
                began.elapsed()
            });
        });
    }
}

fn verify_long_log(criterion: &mut Criterion) {
    let database = TestDatabase::new();
    let fill = |tx: &mut dyn Writes| (0..LONG_LOG).try_for_each(|_| append(tx));
    database.transaction(fill).unwrap();
    let store = database.store();
    let mut group = criterion.benchmark_group("verify the audit log");
    group
        .throughput(Throughput::Elements(LONG_LOG))
        .sample_size(10);
    group.bench_function(BenchmarkId::new("entries", LONG_LOG), |bencher| {
        bencher.iter(|| {
            let verified = verify(&*store, None, &[]).unwrap();
            assert_eq!(verified.entries, LONG_LOG);
        });
    });
}

criterion_group!(benches, append_at_once, verify_long_log);
criterion_main!(benches);
