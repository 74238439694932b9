use abu_application::{
    access::AccessError,
    alumni::reference::{Change, DetailsChange, NoSuchDetail, ReferenceError},
    platform::{
        audit::Action,
        versions::{Expected, Version},
    },
};
use abu_domain::{
    access::Permission,
    alumni::reference::{
        Code, Confirmation, Content, Details, Entry, Flaw, Kind, Label, Validity, key,
    },
};
use chrono::NaiveDate;

use super::{code, entry, loaded, version};
use crate::support::{Member, TestApp, assert_refused};

const ANY: Expected = Expected::Anything;

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn department(text: &str, name: &str) -> Content {
    Content {
        code: code(Kind::Departments, text),
        name: label(name),
        aliases: Vec::new(),
        validity: Validity::default(),
        successor: None,
        confirmed_by: None,
        details: Details::Department {
            faculty: code(Kind::Faculties, "engineering"),
        },
    }
}

/// An application with reference data, and a member who may edit them.
fn office() -> (TestApp, Member) {
    let app = loaded();
    let admin = app.member().super_admin().create();
    (app, admin)
}

async fn update(
    app: &TestApp,
    by: &Member,
    text: &str,
    change: Change,
    expected: Expected,
) -> Result<Entry, ReferenceError> {
    let (kind, code) = (Kind::Departments, code(Kind::Departments, text));
    let reference = &app.use_cases.alumni.reference;
    reference
        .update(by.caller(), kind, code, change, expected)
        .await
}

fn succeeded_by(code: Code) -> Change {
    Change {
        successor: Some(Some(code)),
        ..Change::default()
    }
}

fn aliases(aliases: &[&str]) -> Change {
    Change {
        aliases: Some(aliases.iter().map(|alias| label(alias)).collect()),
        ..Change::default()
    }
}

#[tokio::test]
async fn only_who_may_manage_settings_sees_and_edits_entries() {
    let app = loaded();
    let member = app.member().create();
    let reference = &app.use_cases.alumni.reference;
    let new = department("aerospace-engineering", "Aerospace Engineering");
    let created = reference.create(member.caller(), new).await;
    assert_refused!(
        created,
        ReferenceError::Access(AccessError::Denied(Permission::ManageSettings))
    );
    let changed = update(&app, &member, "history", Change::default(), ANY).await;
    assert_refused!(
        changed,
        ReferenceError::Access(AccessError::Denied(Permission::ManageSettings))
    );
    let history = code(Kind::Departments, "history");
    let seen = reference.entry(member.caller(), Kind::Departments, history);
    assert_refused!(
        seen.await,
        ReferenceError::Access(AccessError::Denied(Permission::ManageSettings))
    );
    assert_eq!(version(&app, Kind::Departments), 1);
}

#[tokio::test]
async fn a_new_entry_makes_the_next_version_and_is_found() {
    let (app, admin) = office();
    let new = department("aerospace-engineering", "Aerospace Engineering");
    let reference = &app.use_cases.alumni.reference;
    let created = reference.create(admin.caller(), new.clone()).await.unwrap();
    assert_eq!(
        (&created.content, created.edited_at),
        (&new, Some(app.now()))
    );
    assert_eq!(version(&app, Kind::Departments), 2);
    let found = app
        .store(|tx| tx.catalogue())
        .find_department("AEROSPACE engineering");
    assert_eq!(found.one().map(|id| i32::from(id.get())), Some(created.id));
    assert_eq!(app.actions().last(), Some(&Action::ReferenceCreate));
    let (head, entries) = reference.list(Kind::Departments).await.unwrap();
    assert_eq!((head.version, entries.len()), (2, 100));
    assert!(entries.is_sorted_by_key(|entry| key(entry.content.name.as_str())));
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_keeps_the_rest() {
    let (app, admin) = office();
    let before = entry(&app, Kind::Departments, "history");
    let day = NaiveDate::from_ymd_opt(2026, 9, 30);
    let change = Change {
        name: Some(label("History and War Studies")),
        valid_until: Some(day),
        confirmed_by: Some(Some(Confirmation::parse("Registry").unwrap())),
        details: DetailsChange {
            faculty: Some(code(Kind::Faculties, "social-sciences")),
            ..DetailsChange::default()
        },
        ..Change::default()
    };
    let after = update(&app, &admin, "history", change, ANY).await.unwrap();
    assert_eq!(after.content.name, label("History and War Studies"));
    assert_eq!(after.content.validity, Validity::new(None, day).unwrap());
    assert_eq!(after.content.aliases, before.content.aliases);
    assert!(after.content.confirmed_by.is_some() && after.edited_at.is_some());
    assert!(after.last_modified > before.last_modified);
    let back = Change {
        valid_until: Some(None),
        confirmed_by: Some(None),
        ..Change::default()
    };
    let back = update(&app, &admin, "history", back, ANY).await.unwrap();
    assert_eq!(
        (back.content.validity, back.content.confirmed_by),
        (Validity::default(), None)
    );
    assert_eq!(version(&app, Kind::Departments), 3);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_makes_no_version() {
    let (app, admin) = office();
    let before = entry(&app, Kind::Departments, "history");
    let same = Change {
        name: Some(before.content.name.clone()),
        ..Change::default()
    };
    assert_eq!(
        update(&app, &admin, "history", same, ANY).await.unwrap(),
        before
    );
    assert_eq!(version(&app, Kind::Departments), 1);
}

#[tokio::test]
async fn an_entry_that_changed_meanwhile_is_not_edited() {
    let (app, admin) = office();
    let seen = Version::of(entry(&app, Kind::Departments, "history").last_modified);
    let expected = || Expected::OneOf(vec![seen]);
    update(
        &app,
        &admin,
        "history",
        aliases(&["War Studies"]),
        expected(),
    )
    .await
    .unwrap();
    let late = update(&app, &admin, "history", aliases(&[]), expected()).await;
    assert_refused!(late, ReferenceError::Changed(_));
    assert_eq!(version(&app, Kind::Departments), 2);
}

#[tokio::test]
async fn a_name_of_another_entry_is_refused() {
    let (app, admin) = office();
    let reference = &app.use_cases.alumni.reference;
    let taken = reference
        .create(admin.caller(), department("history", "Chronicles"))
        .await;
    assert_refused!(taken, ReferenceError::CodeTaken);
    let shared = reference
        .create(admin.caller(), department("annals", "Dept. of HISTORY"))
        .await;
    assert_refused!(shared, ReferenceError::Flawed(Flaw::SharedName { with, .. }) if with.as_str() == "history");
    let alias = update(&app, &admin, "french", aliases(&["history"]), ANY).await;
    assert_refused!(alias, ReferenceError::Flawed(Flaw::SharedName { .. }));
    assert_eq!(version(&app, Kind::Departments), 1);
}

#[tokio::test]
async fn successors_that_lead_back_are_refused() {
    let (app, admin) = office();
    let of = |text: &str| code(Kind::Departments, text);
    update(&app, &admin, "history", succeeded_by(of("french")), ANY)
        .await
        .unwrap();
    update(&app, &admin, "french", succeeded_by(of("arabic")), ANY)
        .await
        .unwrap();
    let back = update(&app, &admin, "arabic", succeeded_by(of("history")), ANY).await;
    assert_refused!(back, ReferenceError::Flawed(Flaw::Cycle(_)));
    let own = update(&app, &admin, "physics", succeeded_by(of("physics")), ANY).await;
    assert_refused!(own, ReferenceError::Flawed(Flaw::Cycle(_)));
    let unknown = update(&app, &admin, "physics", succeeded_by(of("alchemy")), ANY).await;
    assert_refused!(unknown, ReferenceError::Flawed(Flaw::NoSuccessor(_)));
}

#[tokio::test]
async fn concurrent_successors_cannot_close_a_cycle() {
    let (app, admin) = office();
    let of = |text: &str| code(Kind::Departments, text);
    let (one, two) = tokio::join!(
        update(&app, &admin, "history", succeeded_by(of("french")), ANY),
        update(&app, &admin, "french", succeeded_by(of("history")), ANY),
    );
    assert_eq!(
        [&one, &two].iter().filter(|edit| edit.is_ok()).count(),
        1,
        "{one:?} {two:?}"
    );
}

#[tokio::test]
async fn parents_must_exist_and_foreign_fields_are_refused() {
    let (app, admin) = office();
    let faculty = |text| Change {
        details: DetailsChange {
            faculty: Some(code(Kind::Faculties, text)),
            ..DetailsChange::default()
        },
        ..Change::default()
    };
    let orphan = update(&app, &admin, "history", faculty("alchemy"), ANY).await;
    assert_refused!(orphan, ReferenceError::NoParent(Kind::Faculties, _));
    let foreign = Change {
        details: DetailsChange {
            degree: Some(code(Kind::Degrees, "bsc")),
            ..DetailsChange::default()
        },
        ..Change::default()
    };
    let foreign = update(&app, &admin, "history", foreign, ANY).await;
    assert_refused!(
        foreign,
        ReferenceError::NoSuchDetail(NoSuchDetail::Foreign("degree"))
    );
    let unknown = update(&app, &admin, "alchemy", Change::default(), ANY).await;
    assert_refused!(unknown, ReferenceError::NotFound);
}

#[tokio::test]
async fn only_the_newest_version_is_handed_out() {
    let (app, admin) = office();
    update(&app, &admin, "history", aliases(&["War Studies"]), ANY)
        .await
        .unwrap();
    let reference = &app.use_cases.alumni.reference;
    let of = |version| reference.list_version(Kind::Departments, version);
    assert_eq!(of(2).await.unwrap().0.version, 2);
    assert_refused!(of(1).await, ReferenceError::Superseded);
    assert_refused!(of(3).await, ReferenceError::NotFound);
    assert_refused!(of(-1).await, ReferenceError::NotFound);
}
