use abu_application::platform::{
    ports::{Bucket, BucketKey, BucketRule, Clock, WhenEmpty},
    system::SystemClock,
};
use abu_test_support::TestDatabase;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Five tokens in fifteen minutes.
const INTERVAL: TimeDelta = TimeDelta::minutes(3);
const WINDOW: TimeDelta = TimeDelta::minutes(15);

fn rule(when_empty: WhenEmpty) -> BucketRule {
    BucketRule {
        interval: INTERVAL,
        window: WINDOW,
        when_empty,
    }
}

/// A bucket with a clock.
struct Drawn {
    database: TestDatabase,
    key: BucketKey,
    rule: BucketRule,
    now: DateTime<Utc>,
}

impl Drawn {
    fn from(when_empty: WhenEmpty) -> Self {
        Self {
            database: TestDatabase::new(),
            key: BucketKey(Uuid::new_v4()),
            rule: rule(when_empty),
            now: SystemClock.now(),
        }
    }

    fn take(&self) -> Option<Bucket> {
        let asked = [(self.key, self.rule)];
        let taken = self
            .database
            .transaction(|tx| tx.take_tokens(&asked, self.now));
        let taken = taken.unwrap();
        taken.first().map(|(key, bucket)| {
            assert_eq!((*key, taken.len()), (self.key, 1));
            *bucket
        })
    }

    fn take_all(&self) -> usize {
        (0..100).take_while(|_| self.take().is_some()).count()
    }

    fn after(&mut self, time: TimeDelta) -> &Self {
        self.now += time;
        self
    }
}

#[test]
fn a_bucket_gives_its_tokens_at_once_and_then_one_an_interval() {
    let mut bucket = Drawn::from(WhenEmpty::Refill);
    assert_eq!(bucket.take_all(), 5);
    assert_eq!(bucket.after(INTERVAL - TimeDelta::seconds(1)).take_all(), 0);
    assert_eq!(bucket.after(TimeDelta::seconds(1)).take_all(), 1);
    assert_eq!(bucket.after(INTERVAL * 3).take_all(), 3);
    assert_eq!(bucket.after(TimeDelta::days(9)).take_all(), 5);
}

#[test]
fn an_emptied_bucket_that_pauses_gives_nothing_before_it_is_full() {
    let mut bucket = Drawn::from(WhenEmpty::Pause);
    for _ in 0..3 {
        assert_eq!(bucket.take_all(), 5);
        assert_eq!(bucket.after(WINDOW - TimeDelta::seconds(1)).take_all(), 0);
        bucket.after(TimeDelta::seconds(1));
    }
}

#[test]
fn each_pause_is_twice_as_long_until_a_day_without_use() {
    let mut bucket = Drawn::from(WhenEmpty::PauseLonger);
    for pause in [WINDOW, WINDOW * 2, WINDOW * 4, WINDOW * 8] {
        assert_eq!(bucket.take_all(), 5);
        assert_eq!(bucket.after(pause - TimeDelta::seconds(1)).take_all(), 0);
        bucket.after(TimeDelta::seconds(1));
    }
    bucket.after(TimeDelta::days(1) + TimeDelta::seconds(1));
    assert_eq!(bucket.take().map(|bucket| bucket.taken), Some(1));
    assert_eq!(bucket.take_all(), 4);
    assert_eq!(bucket.after(WINDOW).take_all(), 5);
}

#[test]
fn a_bucket_of_one_token_pauses_with_the_first() {
    let one = |when_empty| {
        let mut bucket = Drawn::from(when_empty);
        bucket.rule.interval = WINDOW;
        bucket
    };
    for (when_empty, pauses) in [
        (WhenEmpty::Refill, false),
        (WhenEmpty::Pause, true),
        (WhenEmpty::PauseLonger, true),
    ] {
        let bucket = one(when_empty);
        let taken = bucket.take().unwrap();
        assert_eq!(
            (taken.taken, taken.is_paused),
            (1, pauses),
            "{when_empty:?}"
        );
        assert_eq!(taken.full_at, bucket.now + WINDOW);
        assert_eq!(bucket.take(), None);
    }
    let mut bucket = one(WhenEmpty::PauseLonger);
    for pause in [WINDOW, WINDOW * 2, WINDOW * 4] {
        assert_eq!(bucket.take_all(), 1);
        assert_eq!(bucket.after(pause - TimeDelta::seconds(1)).take_all(), 0);
        bucket.after(TimeDelta::seconds(1));
    }
    bucket.after(TimeDelta::days(1) + TimeDelta::seconds(1));
    assert_eq!(bucket.take_all(), 1);
    assert_eq!(bucket.after(WINDOW).take_all(), 1);
}

#[test]
fn several_buckets_give_by_one_statement_those_that_have_a_token() {
    let bucket = Drawn::from(WhenEmpty::Refill);
    let other = BucketKey(Uuid::new_v4());
    bucket.take_all();
    let asked = [(bucket.key, bucket.rule), (other, rule(WhenEmpty::Pause))];
    let taken = bucket
        .database
        .transaction(|tx| tx.take_tokens(&asked, bucket.now));
    let keys: Vec<_> = taken.unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [other]);
    let read = bucket
        .database
        .read(|tx| tx.buckets(&[bucket.key, other]))
        .unwrap();
    assert_eq!(read.len(), 2);
    for (key, stored) in read {
        let taken = if key == other { 1 } else { 5 };
        assert_eq!((stored.taken, stored.is_paused), (taken, false));
    }
}

#[test]
fn takers_at_once_get_no_more_than_the_bucket_holds() {
    let bucket = Drawn::from(WhenEmpty::Pause);
    let taken: usize = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4).map(|_| scope.spawn(|| bucket.take_all())).collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).sum()
    });
    assert_eq!(taken, 5);
}

#[test]
fn a_forgotten_bucket_is_full_and_expired_ones_are_deleted() {
    let mut bucket = Drawn::from(WhenEmpty::Pause);
    assert_eq!(bucket.take_all(), 5);
    let fill = |tx: &mut dyn abu_application::store::Writes| tx.fill_bucket(bucket.key);
    bucket.database.transaction(fill).unwrap();
    assert_eq!(bucket.take_all(), 5);
    let expired = bucket.key;
    bucket.key = BucketKey(Uuid::new_v4());
    bucket.after(TimeDelta::days(2)).take().unwrap();
    let left = bucket
        .database
        .read(|tx| tx.buckets(&[expired, bucket.key]));
    let left: Vec<_> = left.unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, [bucket.key]);
}
