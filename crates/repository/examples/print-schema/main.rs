//! Writes `src/schema.rs` from the migrations, by way of a database of its own:
//! `cargo run -p abu-repository --example print-schema`.

mod generator;

use std::{error::Error, fs};

use abu_test_support::TestDatabase;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema.rs");

fn main() -> Result<(), Box<dyn Error>> {
    let database = TestDatabase::new();
    fs::write(SCHEMA, generator::generate(&mut database.connection())?)?;
    Ok(())
}
