//! Integration tests of the databases and builders.

#![cfg(test)]

use abu_domain::messaging::room::RoomKind;
use abu_test_support::{PrivateCluster, TestDatabase};

#[test]
fn two_databases_do_not_see_each_other() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    let user = one.user().email("amina@example.com").create();
    assert_eq!(one.read(|tx| tx.user(user.id)).unwrap(), Some(user.clone()));
    assert_eq!(other.read(|tx| tx.user(user.id)).unwrap(), None);
    other.user().email("amina@example.com").create();
}

#[test]
fn builders_apply_given_values_and_default_the_rest() {
    let database = TestDatabase::new();
    let amina = database
        .user()
        .name("Amina", "Bello")
        .superuser()
        .in_group("editor_group")
        .create();
    let bola = database.user().suspended().create();
    assert_ne!(amina.email, bola.email);
    assert!(amina.is_superuser && !bola.is_active);
    assert_eq!(amina.groups, ["editor_group"]);
    let group = database.group(amina.id).member(bola.id).archived().create();
    assert!(group.is_read_only() && group.member_count == 2);
    let direct = database.direct_room(amina.id, bola.id);
    assert_eq!((direct.kind, direct.member_count), (RoomKind::Direct, 2));
    assert_eq!(database.message(direct.id, bola.id, "Sannu!").seq, 1);
}

#[test]
fn a_private_cluster_keeps_url_and_data_over_a_stop_or_crash() {
    let mut cluster = PrivateCluster::start();
    let database = cluster.database();
    let user = database.user().create();
    cluster.stop();
    cluster.start_again();
    assert_eq!(
        database.read(|tx| tx.user(user.id)).unwrap(),
        Some(user.clone())
    );
    cluster.crash();
    assert_eq!(database.read(|tx| tx.user(user.id)).unwrap(), Some(user));
}
