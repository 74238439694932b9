//! Accounts of synthetic graduates.

use std::sync::Arc;

use abu_application::{
    access::Server,
    alumni::{
        imports::Unwatched,
        ports::{Filling, SyntheticCounts, SyntheticShares},
        synthetic::SyntheticMembers,
    },
    platform::{
        audit::Action,
        system::{SystemClock, SystemIds},
    },
};
use abu_domain::platform::text::EmailAddress;

use super::imports::Register;

const LINES: [&str; 3] = [
    "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,",
    "Ladan,Sule,,,Law,BSc,2001,,",
    "Garba,Musa,,U15CS1071,CS,BSc,2015,musa@example.com,",
];

fn members(register: &Register) -> SyntheticMembers {
    SyntheticMembers {
        store: register.app.database.store(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    }
}

fn shares(verified: u8) -> SyntheticShares {
    SyntheticShares {
        verified,
        listed: 100,
    }
}

#[test]
fn each_record_gets_one_account_and_verified_ones_their_claims() {
    let register = Register::new();
    let import = register.imported(&LINES);
    let taken = register
        .app
        .database
        .user()
        .email("musa@example.com")
        .create();

    let counts = members(&register)
        .make(&Server, import.id, shares(100), Filling::BesideOthers)
        .unwrap();
    assert_eq!(
        counts,
        SyntheticCounts {
            members: 2,
            verified: 2
        }
    );
    let made = register.app.database.texts(
        "SELECT concat_ws(' ', u.firstname, u.middlename, u.lastname, u.verification, g.name, c.state, c.awards -> 0 ->> 'department')
         FROM users u JOIN user_emails e ON e.user_id = u.id AND e.is_primary AND e.verified_at IS NOT NULL
         JOIN user_group ug ON ug.user_id = u.id JOIN groups g ON g.id = ug.group_id
         JOIN claims c ON c.user_id = u.id
         WHERE u.password_hash = '!' ORDER BY 1",
    );
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(
        made[0].starts_with("Amina Sani Bello verified verified_alumni_group verified"),
        "{made:?}"
    );
    let owners = register.app.database.texts(&format!(
        "SELECT count(*)::text FROM claims WHERE user_id = '{}'",
        taken.id
    ));
    assert_eq!(owners, ["0"]);

    let again = members(&register)
        .make(&Server, import.id, shares(100), Filling::BesideOthers)
        .unwrap();
    assert_eq!(again, SyntheticCounts::default());
    let actions = register.app.actions();
    assert!(actions.contains(&Action::SyntheticMembers), "{actions:?}");
}

#[test]
fn unverified_accounts_are_applicants_without_claims() {
    let register = Register::new();
    let import = register.imported(&LINES);
    let counts = members(&register)
        .make(&Server, import.id, shares(0), Filling::BesideOthers)
        .unwrap();
    assert_eq!((counts.members, counts.verified), (3, 0));
    let groups = register.app.database.texts(
        "SELECT DISTINCT g.name FROM user_group ug JOIN groups g ON g.id = ug.group_id
         JOIN users u ON u.id = ug.user_id WHERE u.password_hash = '!'",
    );
    assert_eq!(groups, ["applicant_group"]);
}

#[test]
fn accounts_are_verified_for_the_records_with_their_addresses() {
    let register = Register::new();
    let import = register.imported(&LINES);
    let database = &register.app.database;
    for email in ["amina@example.com", "musa@example.com"] {
        database
            .user()
            .email(email)
            .in_group("applicant_group")
            .create();
    }
    let amina = EmailAddress::parse("amina@example.com").unwrap();
    let store = database.store();
    let verify = || {
        store.transaction(|tx| {
            tx.verify_synthetic_members(import.id, std::slice::from_ref(&amina), chrono::Utc::now())
        })
    };
    assert_eq!(verify().unwrap(), 1);
    let verified = database.texts(
        "SELECT u.email || ' ' || g.name FROM users u JOIN user_group ug ON ug.user_id = u.id
         JOIN groups g ON g.id = ug.group_id WHERE u.verification = 'verified'",
    );
    assert_eq!(verified, ["amina@example.com verified_alumni_group"]);
    assert_eq!(verify().unwrap(), 0);
}

/// What the accounts are but for ids and times.
const ACCOUNTS: &str =
    "SELECT concat_ws('|', u.email, u.firstname, u.middlename, u.lastname, u.verification, e.email,
        e.is_primary, g.name, c.state, c.awards, c.names, c.faculties, c.list_me, c.method)
    FROM users u JOIN user_emails e ON e.user_id = u.id
    JOIN user_group ug ON ug.user_id = u.id JOIN groups g ON g.id = ug.group_id
    LEFT JOIN claims c ON c.user_id = u.id WHERE u.password_hash = '!' ORDER BY 1";

#[test]
fn a_database_filled_alone_holds_the_same_accounts_and_indexes() {
    let half = SyntheticShares {
        verified: 50,
        listed: 50,
    };
    let lines: Vec<String> = (0..40)
        .map(|n| {
            let email = match n % 3 {
                0 => String::new(),
                _ => format!("graduate.{n}@example.com"),
            };
            format!("Bello,Amina,Sani,U15CS{n:04},CS,BSc,2015,{email},")
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let filled = [Filling::BesideOthers, Filling::Alone].map(|filling| {
        let register = Register::new();
        let catalog = || {
            register.app.database.texts(
                "SELECT concat_ws(' ', indexname, indexdef) FROM pg_indexes WHERE schemaname = current_schema()
                 UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
                 FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
                 UNION ALL SELECT concat_ws(' ', objoid::regclass, description) FROM pg_description
                 JOIN pg_class ON pg_class.oid = objoid AND relnamespace = current_schema()::regnamespace
                 WHERE classoid = 'pg_class'::regclass ORDER BY 1",
            )
        };
        let before = catalog();
        let import = register.judged(&lines);
        match filling {
            Filling::BesideOthers => register.try_commit(import.id),
            Filling::Alone => {
                let imports = register.imports();
                imports.fill_register(&Server, import.id, &Unwatched)
            }
        }
        .unwrap();
        let counts = members(&register).make(&Server, import.id, half, filling).unwrap();
        assert_eq!(counts.members, 40);
        assert!((5..35).contains(&counts.verified), "{counts:?}");
        assert_eq!(catalog(), before);
        register.app.database.texts(ACCOUNTS)
    });
    assert_eq!(filled[0], filled[1]);
    assert_eq!(filled[0].len(), 40);
}
