//! An erasure deletes copies of the data too.

use abu_application::{
    identity::{
        exports::ExportError,
        ports::{DataExport, ExportState},
    },
    platform::ports::FileError,
};
use abu_domain::{ExportId, TaskId, platform::file_key::FileKey};
use chrono::TimeDelta;

use super::{erase, schedule};
use crate::support::{Member, TestApp, assert_refused, new_id};

/// A finished export of the member's, which holds "data".
fn export(app: &TestApp, of: &Member) -> (ExportId, FileKey) {
    let id = ExportId::new(new_id());
    let key = FileKey::parse(&format!("exports/{id}.json")).unwrap();
    let files = &app.use_cases.identity.exports.context.files;
    let mut writer = files.create(&key).unwrap();
    writer.write_all(b"data").unwrap();
    let bytes = writer.finish().unwrap();
    app.store(|tx| {
        tx.insert_export(&DataExport {
            id,
            user_id: of.id(),
            task: TaskId::new(new_id()),
            requested_at: app.now(),
            state: ExportState::Pending,
        })?;
        tx.finish_export(id, bytes, app.now(), app.now() + TimeDelta::days(7))
    });
    (id, key)
}

#[tokio::test]
async fn the_files_of_an_erased_account_are_deleted() {
    let app = TestApp::new();
    let [amina, musa] = [(); 2].map(|()| app.member().create());
    let (_, hers) = export(&app, &amina);
    let (_, his) = export(&app, &musa);
    schedule(&app, amina.id());
    erase(&app, amina.id());
    let files = &app.use_cases.identity.exports.context.files;
    assert!(matches!(files.size(&hers), Err(FileError::NotFound)));
    assert_eq!(files.size(&his).unwrap(), 4);
}

#[tokio::test]
async fn a_file_is_there_for_seven_days_and_for_its_owner_alone() {
    let app = TestApp::new();
    let [amina, musa] = [(); 2].map(|()| app.member().create());
    let (id, _) = export(&app, &amina);
    let exports = &app.use_cases.identity.exports;
    assert_refused!(exports.open(musa.caller(), id).await, ExportError::NotFound);
    app.clock
        .advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(exports.open(amina.caller(), id).await.unwrap().size, 4);
    app.clock.advance(TimeDelta::seconds(1));
    assert_refused!(exports.open(amina.caller(), id).await, ExportError::Gone);
    let expired = app.store(|tx| tx.expired_exports(app.now(), 10));
    assert_eq!(expired, [id]);
}

#[tokio::test]
async fn an_export_is_finished_for_no_account_that_is_gone() {
    let app = TestApp::new();
    let amina = app.member().create();
    let (id, _) = export(&app, &amina);
    app.store(|tx| tx.delete_exports(&[id]));
    let finished = app.store(|tx| tx.finish_export(id, 4, app.now(), app.now()));
    assert!(!finished);
}
