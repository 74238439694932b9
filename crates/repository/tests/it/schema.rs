#[path = "../../examples/print-schema/generator.rs"]
mod generator;

use abu_test_support::TestDatabase;

#[test]
fn the_schema_is_the_one_the_migrations_make() {
    let generated = generator::generate(&mut TestDatabase::new().connection()).unwrap();
    let committed = include_str!("../../src/schema.rs");
    assert!(
        generated == committed,
        "src/schema.rs is out of date: cargo run -p abu-repository --example print-schema\n{generated}"
    );
}
