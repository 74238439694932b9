//! Reference data: loading of data files, and the lists as they are read.

mod edit;
mod load;

use std::sync::Arc;

use abu_application::{
    access::Server,
    alumni::reference::{DataFile, LoadError, Loaded, Loader},
    platform::system::SystemIds,
};
use abu_domain::alumni::reference::{Code, Entry, Kind};

use crate::support::TestApp;

/// The data files of the program.
fn files() -> Vec<DataFile> {
    abu_reference_data::files().unwrap()
}

fn load(app: &TestApp, files: &[DataFile]) -> Result<Vec<Loaded>, LoadError> {
    let loader = Loader {
        store: app.database.store(),
        clock: Arc::clone(&app.clock) as _,
        ids: Arc::new(SystemIds),
    };
    loader.load(&Server, files)
}

/// An application with the reference data of the program.
fn loaded() -> TestApp {
    let app = TestApp::new();
    load(&app, &files()).unwrap();
    app
}

fn code(kind: Kind, text: &str) -> Code {
    Code::parse(kind, text).unwrap()
}

fn entry(app: &TestApp, kind: Kind, text: &str) -> Entry {
    let code = code(kind, text);
    let entry = app.store(|tx| tx.reference_entry(kind, &code));
    entry.expect("the entry is there")
}

fn version(app: &TestApp, kind: Kind) -> i64 {
    app.store(|tx| tx.reference_list(kind)).0.version
}

/// The versions of all lists.
fn versions(app: &TestApp) -> Vec<i64> {
    let heads = app.store(|tx| tx.reference_lists());
    heads.iter().map(|head| head.version).collect()
}
