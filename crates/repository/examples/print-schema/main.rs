//! Generates `src/schema.rs` from the migrations in a temporary database:
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
