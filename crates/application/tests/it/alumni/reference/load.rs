use abu_application::{alumni::reference::LoadError, platform::audit::Action};
use abu_domain::alumni::reference::{Content, Details, Flaw, Found, Kind, Label};

use super::{code, entry, files, load, loaded, version, versions};
use crate::support::{TestApp, assert_refused};

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

/// Writes an entry as the office does.
fn edit(app: &TestApp, kind: Kind, text: &str, change: impl FnOnce(&mut Content)) {
    let mut content = entry(app, kind, text).content;
    change(&mut content);
    let (edited, now) = (Some(app.now()), app.now());
    app.store(|tx| tx.update_reference_entries(kind, &[content], edited, now));
}

#[test]
fn every_entry_of_the_files_is_stored_as_it_is_written() {
    let app = TestApp::new();
    assert_eq!(versions(&app), [0; 7]);
    let loaded = load(&app, &files()).unwrap();
    assert_eq!(versions(&app), [1; 7]);
    for (file, loaded) in files().iter().zip(&loaded) {
        let (head, entries) = app.store(|tx| tx.reference_list(file.kind));
        assert_eq!(head.file, file.head);
        let stored: Vec<&Content> = entries.iter().map(|entry| &entry.content).collect();
        let mut written: Vec<&Content> = file.entries.iter().collect();
        written.sort_by_key(|content| stored.iter().position(|there| there.code == content.code));
        assert_eq!(stored, written);
        assert_eq!((loaded.kind, loaded.added), (file.kind, file.entries.len()));
        assert_eq!((loaded.updated, loaded.kept), (0, 0));
    }
}

#[test]
fn the_catalogue_holds_every_list() {
    let app = loaded();
    let catalogue = app.store(|tx| tx.catalogue());
    for &kind in Kind::ALL {
        let (_head, entries) = app.store(|tx| tx.reference_list(kind));
        assert_eq!(catalogue.list(kind).entries(), entries);
    }
    let chemical = catalogue.find_department("Dept. of Chemical & Petroleum Engineering");
    let degree = catalogue.find_degree("B. Eng").one();
    let programme =
        catalogue.find_programme("CHEMICAL ENGINEERING", chemical.clone().one(), degree);
    assert!(matches!(
        (chemical, programme),
        (Found::One(_), Found::One(_))
    ));
}

#[test]
fn loading_the_same_files_again_changes_nothing() {
    let app = loaded();
    let before = app.store(|tx| tx.reference_list(Kind::Departments));
    app.clock.advance(chrono::TimeDelta::days(1));
    let again = load(&app, &files()).unwrap();
    assert!(
        again
            .iter()
            .all(|list| list.added + list.updated + list.kept == 0)
    );
    assert_eq!(app.store(|tx| tx.reference_list(Kind::Departments)), before);
    assert_eq!(app.actions(), [Action::ReferenceLoad]);
}

#[test]
fn a_newer_file_adds_and_updates_and_makes_one_version() {
    let app = loaded();
    let mut files = files();
    let file = &mut files[0];
    file.head.version += 1;
    let mut new = file.entries[1].clone();
    (new.code, new.name) = (
        code(Kind::Faculties, "computing"),
        label("Faculty of Computing"),
    );
    new.aliases.clear();
    file.entries[0].aliases.push(label("Admin Faculty"));
    file.entries[0].successor = Some(new.code.clone());
    file.entries.push(new);
    let loaded = load(&app, &files).unwrap();
    assert_eq!((loaded[0].added, loaded[0].updated), (1, 1));
    assert_eq!(versions(&app), [2, 1, 1, 1, 1, 1, 1]);
    let successor = entry(&app, Kind::Faculties, "administration")
        .content
        .successor;
    assert_eq!(successor, Some(code(Kind::Faculties, "computing")));
    load(&app, &super::files()).unwrap();
    assert_eq!(
        version(&app, Kind::Faculties),
        2,
        "an older file changes nothing"
    );
}

#[test]
fn an_entry_that_a_file_no_longer_has_stays() {
    let app = loaded();
    let mut files = files();
    files[0].head.version += 1;
    let gone = files[0].entries.pop().unwrap();
    load(&app, &files).unwrap();
    assert_eq!(
        entry(&app, Kind::Faculties, gone.code.as_str()).content,
        gone
    );
}

#[test]
fn what_the_office_edited_survives_a_reload() {
    let app = loaded();
    edit(&app, Kind::Departments, "history", |content| {
        content.name = label("History and War Studies")
    });
    let again = load(&app, &files()).unwrap();
    let departments = again
        .iter()
        .find(|list| list.kind == Kind::Departments)
        .unwrap();
    assert_eq!((departments.updated, departments.kept), (0, 1));
    let history = entry(&app, Kind::Departments, "history");
    assert_eq!(history.content.name, label("History and War Studies"));
    assert!(history.edited_at.is_some());
}

#[test]
fn a_name_that_the_office_gave_away_is_reported_as_ambiguous() {
    let app = loaded();
    edit(&app, Kind::Departments, "history", |content| {
        content.aliases.push(label("Genetics"))
    });
    let mut files = files();
    let file = files
        .iter_mut()
        .find(|file| file.kind == Kind::Departments)
        .unwrap();
    let mut new = file.entries[0].clone();
    (new.code, new.name) = (code(Kind::Departments, "genetics"), label("Genetics"));
    new.aliases.clear();
    file.entries.push(new);
    let again = load(&app, &files).unwrap();
    let departments = again
        .iter()
        .find(|list| list.kind == Kind::Departments)
        .unwrap();
    assert!(matches!(
        &departments.ambiguous[..],
        [Flaw::SharedName { .. }]
    ));
    let found = app.store(|tx| tx.catalogue()).find_department("genetics");
    assert!(matches!(found, Found::Several(both) if both.len() == 2));
}

#[test]
fn files_that_make_no_list_change_nothing() {
    let app = loaded();
    edit(&app, Kind::Faculties, "arts", |content| {
        content.successor = Some(code(Kind::Faculties, "law"));
    });
    let mut cyclic = files();
    let law = cyclic[0]
        .entries
        .iter_mut()
        .find(|entry| entry.code.as_str() == "law")
        .unwrap();
    law.successor = Some(code(Kind::Faculties, "arts"));
    assert_refused!(
        load(&app, &cyclic),
        LoadError::Flawed(Kind::Faculties, Flaw::Cycle(_))
    );

    let mut orphaned = files();
    let departments = orphaned
        .iter_mut()
        .find(|file| file.kind == Kind::Departments)
        .unwrap();
    departments.entries[0].details = Details::Department {
        faculty: code(Kind::Faculties, "alchemy"),
    };
    assert_refused!(
        load(&app, &orphaned),
        LoadError::NoParent(Kind::Departments, _)
    );
    assert_eq!(versions(&app), [1; 7]);
}
