use std::{
    thread,
    time::{Duration, Instant},
};

use abu_application::{
    access::Server,
    alumni::{
        imports::{ImportError, Unwatched},
        records::{RecordDraft, RecordError},
    },
    platform::audit::Action,
};
use abu_domain::{
    RecordId,
    access::Permission,
    alumni::{
        import_state::{
            ImportState,
            Verdict::{Malformed, Ready, Unchanged},
        },
        register::RecordDetails,
    },
    platform::text::{EmailAddress, PersonName},
};
use tokio::runtime::Builder;

use super::{Register, counts};
use crate::support::{assert_refused, new_id};

/// Longer than a transaction takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,+2348031234567";

#[test]
fn ready_lines_become_records_with_awards_and_others_stay_out() {
    let register = Register::new();
    let import = register.judged(&[AMINA, "Sani,,,,,,,,", "Ladan,Sule,,,Law,BSc,2001,,"]);
    let committed = register.try_commit(import.id).unwrap();
    assert_eq!(
        (committed.records, committed.awards, committed.updated),
        (2, 2, 0)
    );
    assert_eq!(
        register.awards(),
        ["Bello|Amina Sani|U15CS1070|2015", "Ladan|Sule|2001"]
    );
    let import = register.import(import.id);
    assert_eq!(import.state, ImportState::Committed);
    assert_eq!(counts(&import), [(Malformed, 1), (Ready, 2)]);
    let left = register.lines(&import);
    assert_eq!(left.len(), 1, "the report keeps what was left out");
    assert_eq!(left[0].verdict, Malformed);
}

#[test]
fn one_audit_entry_tells_of_a_commit() {
    let register = Register::new();
    register.imported(&[AMINA, "Ladan,Sule,,,Law,BSc,2001,,"]);
    assert_eq!(
        register.app.actions(),
        [Action::ImportUpload, Action::ImportCommit]
    );
}

#[test]
fn an_update_changes_what_differs_and_notes_its_source() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let record = register.record("Bello");
    let second = register.imported(&["Bello,Aminatu,Sani,U15CS1070,Law,BSc,2015,,"]);
    assert_eq!(register.record("Bello"), record);
    assert_eq!(register.awards(), ["Bello|Aminatu Sani|U15CS1070|2015"]);
    let sources = register.app.database.texts(
        "SELECT concat_ws(' ', field, source, award_id IS NOT NULL, import_id) FROM record_field_sources ORDER BY 1",
    );
    let expected = [
        "department import t",
        "given_names import f",
        "surname import f",
    ]
    .map(|source| format!("{source} {}", second.id));
    assert_eq!(sources, expected);
    let kept = register
        .app
        .database
        .texts("SELECT email FROM alumni_records");
    assert_eq!(kept, ["amina@example.com"]);
    let tokens = register
        .app
        .database
        .texts("SELECT name_tokens::text FROM alumni_records");
    assert_eq!(tokens, ["{aminatu,bello,sani}"]);
}

#[test]
fn another_degree_of_a_known_person_is_added() {
    let register = Register::new();
    register.imported(&[AMINA]);
    register.imported(&["Bello,Amina,Sani,P19CS9,CS,MSc,2019,amina@example.com,"]);
    assert_eq!(register.count("alumni_records"), 1);
    assert_eq!(
        register.awards(),
        [
            "Bello|Amina Sani|P19CS9|2019",
            "Bello|Amina Sani|U15CS1070|2015"
        ]
    );
}

#[test]
fn a_record_that_changed_since_the_judgment_refuses_the_commit() {
    let register = Register::new();
    register.imported(&[AMINA]);
    for row in [AMINA, "Bello,Aminatu,Sani,U15CS1070,CS,BSc,2015,,"] {
        let import = register.judged(&[row]);
        register
            .app
            .database
            .execute("UPDATE alumni_records SET version = version + 1");
        assert_refused!(register.try_commit(import.id), ImportError::Outdated(lines) if lines == [2]);
        let import = register.import(import.id);
        assert_eq!(import.state, ImportState::Judged);
        let again = register.judge(import.id);
        register.try_commit(again.id).unwrap();
    }
}

#[test]
fn a_record_that_appeared_since_the_judgment_refuses_the_commit() {
    let register = Register::new();
    for row in [
        "Bello,Amina,,U15CS1070,CS,BSc,2015,,",
        "Musa,Sani,,,CS,BSc,2015,sani@example.com,",
        "Ladan,Sule,,,Law,BSc,2001,,",
    ] {
        let (first, second) = (register.judged(&[row]), register.judged(&[row]));
        register.try_commit(first.id).unwrap();
        assert_refused!(register.try_commit(second.id), ImportError::Outdated(lines) if lines == [2]);
        assert_eq!(counts(&register.judge(second.id)), [(Unchanged, 1)]);
    }
    assert_eq!(register.count("alumni_records"), 3);
}

#[test]
fn only_a_judged_import_is_committed_and_once() {
    let register = Register::new();
    let uploaded = register.try_upload(b"x", |_| {}).unwrap();
    let refused = register.try_commit(uploaded.import.id);
    assert_refused!(refused, ImportError::WrongState(ImportState::Uploaded));
    let import = register.imported(&[AMINA]);
    let refused = register.try_commit(import.id);
    assert_refused!(refused, ImportError::WrongState(ImportState::Committed));
    assert_eq!(register.count("alumni_records"), 1);
}

/// Until a transaction waits for another one's advisory lock.
fn wait_for_a_waiter(register: &Register) {
    let waiters = "SELECT 'waits' FROM pg_locks JOIN pg_database ON pg_database.oid = database
                   WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
    let began = Instant::now();
    while register.app.database.texts(waiters).is_empty() {
        assert!(began.elapsed() < PATIENCE, "no transaction waits");
        thread::yield_now();
    }
}

#[test]
fn a_record_that_the_office_adds_during_the_check_is_not_doubled() {
    let register = Register::new();
    let import = register.judged(&[AMINA]);
    let imports = register.imports();
    let committed = thread::scope(|scope| {
        let commit = register.app.store(|tx| {
            assert!(tx.share_register()?);
            let commit = scope.spawn(|| imports.write_to_register(&Server, import.id, &Unwatched));
            wait_for_a_waiter(&register);
            let now = register.app.now();
            let id = RecordId::new(new_id());
            tx.insert_record(id, &amina(), &amina().name_tokens().unwrap(), now)?;
            Ok(commit)
        });
        commit.join().unwrap()
    });
    assert_refused!(committed, ImportError::Outdated(lines) if lines == [2]);
    assert_eq!(register.count("alumni_records"), 1);
}

#[test]
fn the_office_changes_no_record_while_an_import_writes() {
    let register = Register::new();
    let office = register
        .app
        .member()
        .holding(&[Permission::CreateAlumniRecord])
        .create();
    let records = &register.app.use_cases.alumni.records;
    let create = || {
        let draft = RecordDraft {
            details: amina(),
            awards: Vec::new(),
        };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(records.create(office.caller(), draft))
    };
    register.app.store(|tx| {
        tx.lock_register()?;
        assert_refused!(create(), RecordError::ImportRunning);
        Ok(())
    });
    create().unwrap();
}

fn amina() -> RecordDetails {
    let name = |text| PersonName::parse(text).unwrap();
    RecordDetails {
        surname: name("Bello"),
        given_names: name("Amina Sani"),
        previous_names: Vec::new(),
        email: Some(EmailAddress::parse("amina@example.com").unwrap()),
        phone: None,
        date_of_birth: None,
    }
}
