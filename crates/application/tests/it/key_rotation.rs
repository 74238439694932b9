use std::sync::Arc;

use abu_application::{
    identity::{
        key_rotation::{KeyCount, KeyCounts, KeyRotation},
        ports::OneTimePasswords,
    },
    platform::{
        audit::{note_head, sealed_heads},
        system::SystemIds,
    },
};
use abu_domain::{UserId, platform::text::EmailAddress};
use abu_security::{HmacHeadSealer, SealedTotp};
use secrecy::SecretString;

use crate::support::TestApp;

const OLD: &str = "the key before the rotation, 32 bytes long";
const NEXT: &str = "the key after the rotation, 32 bytes long too";

/// A user with a secret under `key`.
fn user_under(app: &TestApp, key: &str) -> UserId {
    let user = app.member().create().id();
    let totp = SealedTotp::new(&SecretString::from(key));
    let address = EmailAddress::parse("amina@example.com").unwrap();
    let made = totp.make(user, &address, &SystemIds).unwrap();
    app.database
        .transaction(|tx| tx.insert_totp(user, &made.sealed, app.now()))
        .unwrap();
    user
}

fn rotation(app: &TestApp, key: &str, previous: Option<&str>) -> KeyRotation {
    let (key, previous) = (SecretString::from(key), previous.map(SecretString::from));
    KeyRotation {
        store: app.database.store(),
        totp: Arc::new(SealedTotp::new(&key).accepting(previous.as_ref())),
        heads: Arc::new(HmacHeadSealer::new(&key).accepting(previous.as_ref())),
        ids: Arc::new(SystemIds),
    }
}

fn counts(current: usize, previous: usize, neither: usize) -> KeyCount {
    KeyCount {
        current,
        previous,
        neither,
    }
}

#[tokio::test]
async fn a_rotation_moves_everything_to_the_current_key_once() {
    let app = TestApp::new();
    for _ in 0..2 {
        user_under(&app, OLD);
    }
    user_under(&app, NEXT);
    app.log_in(&app.member().create()).await;
    let old = HmacHeadSealer::new(&SecretString::from(OLD));
    note_head(&*app.database.store(), &old, app.now()).unwrap();

    let rotation_of_both = rotation(&app, NEXT, Some(OLD));
    let before = KeyCounts {
        totp: counts(1, 2, 0),
        heads: counts(0, 1, 0),
    };
    assert_eq!(rotation_of_both.count().unwrap(), before);
    assert_eq!(rotation_of_both.run().unwrap(), before);
    let after = KeyCounts {
        totp: counts(3, 0, 0),
        heads: counts(1, 0, 0),
    };
    assert_eq!(rotation_of_both.run().unwrap(), after);
    assert_eq!(rotation(&app, NEXT, None).count().unwrap(), after);
    let next = HmacHeadSealer::new(&SecretString::from(NEXT));
    let witnesses = app.database.read(|tx| tx.audit_witnesses(0)).unwrap();
    assert_eq!(sealed_heads(&witnesses, &next).unwrap().len(), 1);
}

#[test]
fn what_neither_key_opens_is_counted_and_left_alone() {
    let app = TestApp::new();
    let user = user_under(&app, "a key that was lost");
    let sealed = || {
        app.database
            .read(|tx| tx.totp(user))
            .unwrap()
            .unwrap()
            .sealed_secret
    };
    let before = sealed();
    let found = rotation(&app, NEXT, Some(OLD)).run().unwrap();
    assert_eq!(found.totp, counts(0, 0, 1));
    assert_eq!(sealed(), before);
}

#[test]
fn more_secrets_than_a_batch_are_all_moved() {
    let app = TestApp::new();
    for _ in 0..3 {
        user_under(&app, OLD);
    }
    // Copies of one ciphertext open for one user only, so the others are counted as lost.
    app.database.execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
         SELECT gen_random_uuid(), n || '@many.example', '-', 'A', 'B', now(), now()
         FROM generate_series(1, 500) AS n;
         INSERT INTO totp_secrets (user_id, sealed_secret, created_at)
         SELECT id, (SELECT sealed_secret FROM totp_secrets LIMIT 1), now()
         FROM users WHERE email LIKE '%@many.example'",
    );
    let rotation = rotation(&app, NEXT, Some(OLD));
    assert_eq!(rotation.run().unwrap().totp, counts(0, 3, 500));
    assert_eq!(rotation.count().unwrap().totp, counts(3, 0, 500));
}
