use abu_application::{alumni::imports::ImportError, platform::audit::Action};
use abu_domain::alumni::import_state::ImportState;
use chrono::TimeDelta;

use super::Register;
use crate::support::assert_refused;

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,";
const MUSA: &str = "Ibrahim,Musa,,U16CS1084,CS,BSc,2016,,";

#[test]
fn a_roll_back_leaves_the_register_as_it_was() {
    let register = Register::new();
    register.imported(&[AMINA]);
    register.app.database.execute(
        "INSERT INTO record_field_sources (record_id, field, source, changed_at)
         SELECT id, 'phone', 'office', now() FROM alumni_records",
    );
    let before = register.contents();
    let import = register.imported(&[
        "Bello,Aminatu,Sani,U15CS1070,Law,BSc,2016,aminatu@example.com,+2348031234567",
        MUSA,
        "Bello,Amina,Sani,P19CS9,CS,MSc,2019,amina@example.com,",
    ]);
    assert_ne!(register.contents(), before);
    let undone = register.roll_back(import.id, false).unwrap();
    assert_eq!((undone.records, undone.restored, undone.skipped), (1, 1, 0));
    assert_eq!(register.contents(), before);
    assert_eq!(register.import(import.id).state, ImportState::RolledBack);
    assert_eq!(register.app.actions().last(), Some(&Action::ImportRollBack));
    register.imported(&[MUSA]);
}

#[test]
fn a_record_that_was_edited_since_refuses_or_is_skipped() {
    let register = Register::new();
    let import = register.imported(&[AMINA, MUSA]);
    let edited = register.record("Bello");
    register.app.database.execute(&format!(
        "UPDATE alumni_records SET version = version + 1 WHERE id = '{edited}'"
    ));
    let refused = register.roll_back(import.id, false);
    assert_refused!(refused, ImportError::Blocked(all) if all[0].record == edited && all[0].reason == "edited");
    assert_eq!(register.count("alumni_records"), 2);
    assert_eq!(register.import(import.id).state, ImportState::Committed);
    let undone = register.roll_back(import.id, true).unwrap();
    assert_eq!((undone.records, undone.skipped), (1, 1));
    assert_eq!(register.awards(), ["Bello|Amina Sani|U15CS1070|2015"]);
}

#[test]
fn a_later_import_that_changed_a_record_refuses_the_roll_back() {
    let register = Register::new();
    let first = register.imported(&[AMINA]);
    let second = register.imported(&["Bello,Aminatu,Sani,U15CS1070,CS,BSc,2015,,"]);
    assert_refused!(register.roll_back(first.id, false), ImportError::Blocked(_));
    register.roll_back(second.id, false).unwrap();
    assert_eq!(register.awards(), ["Bello|Amina Sani|U15CS1070|2015"]);
}

#[test]
fn after_thirty_days_nothing_is_rolled_back() {
    let register = Register::new();
    let import = register.imported(&[AMINA]);
    register
        .app
        .clock
        .advance(TimeDelta::days(30) + TimeDelta::seconds(1));
    assert_refused!(register.roll_back(import.id, true), ImportError::TooLate);
    assert_eq!(register.count("alumni_records"), 1);
}

#[test]
fn an_import_that_is_not_committed_has_nothing_to_roll_back() {
    let register = Register::new();
    let import = register.judged(&[AMINA]);
    let refused = register.roll_back(import.id, false);
    assert_refused!(refused, ImportError::WrongState(ImportState::Judged));
}

#[test]
fn a_record_that_is_claimed_or_invited_stays() {
    let register = Register::new();
    let import = register.imported(&[AMINA, MUSA, "Ladan,Sule,,,Law,BSc,2001,,"]);
    let (claimed, invited) = (register.record("Bello"), register.record("Ibrahim"));
    let user = register.app.member().create().id();
    register.app.database.execute(&format!(
        "INSERT INTO claims (id, user_id, state, awards, names, list_me, record_id, method, created_at, last_modified)
             VALUES (gen_random_uuid(), '{user}', 'verified', '[]', '{{}}', true, '{claimed}', 'review', now(), now());
         INSERT INTO invitation_batches (id, channel, segment, state, expires_at, created_at, last_modified)
             VALUES ('{claimed}', 'printed', '{{}}', 'ready', now(), now(), now());
         INSERT INTO invitations (id, batch_id, record_id, code_hash, expires_at, created_at)
             VALUES (gen_random_uuid(), '{claimed}', '{invited}', 'hash', now(), now());"
    ));
    let refused = register.roll_back(import.id, false);
    let Err(ImportError::Blocked(mut blockers)) = refused else {
        panic!("{refused:?}");
    };
    blockers.sort_by(|a, b| a.reason.cmp(&b.reason));
    let reasons: Vec<&str> = blockers.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["claimed", "invited"]);
    let undone = register.roll_back(import.id, true).unwrap();
    assert_eq!((undone.records, undone.skipped), (1, 2));
    assert_eq!(register.record("Bello"), claimed);
}
