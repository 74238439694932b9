//! The inventory of personal data against the schema.

use std::collections::{BTreeMap, BTreeSet};

use abu_test_support::{ColumnRule, RowsRule, TableRules, TestDatabase, inventory};

/// The columns of each table of the migrated database.
fn columns(database: &TestDatabase) -> BTreeMap<String, BTreeSet<String>> {
    let rows = database.texts(
        "SELECT format('%s %s', c.relname, a.attname)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
           AND c.relname NOT LIKE '\\_\\_diesel\\_%'",
    );
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let (table, column) = row.split_once(' ').unwrap();
        let of_table = columns.entry(table.to_owned()).or_default();
        of_table.insert(column.to_owned());
    }
    columns
}

/// What is in one of them alone, as lines for a developer.
fn differences(
    schema: &BTreeMap<String, BTreeSet<String>>,
    rules: &BTreeMap<String, TableRules>,
) -> Vec<String> {
    let empty = BTreeSet::new();
    let tables: BTreeSet<&String> = schema.keys().chain(rules.keys()).collect();
    let mut lines = Vec::new();
    for table in tables {
        let there = schema.get(table).unwrap_or(&empty);
        let ruled: BTreeSet<String> = rules
            .get(table)
            .map(|rules| rules.columns.keys().cloned().collect())
            .unwrap_or_default();
        let missing = there.difference(&ruled).map(|column| {
            format!("{table}.{column} has no rule: say under [{table}.columns] whether it is about a person, and what an erasure does to it")
        });
        let gone = ruled.difference(there).map(|column| {
            format!("{table}.{column} has a rule and does not exist: delete the rule")
        });
        lines.extend(missing.chain(gone));
    }
    lines
}

#[test]
fn every_column_of_the_schema_has_a_rule_and_no_other_has() {
    let found = differences(&columns(&TestDatabase::new()), &inventory());
    assert!(
        found.is_empty(),
        "crates/repository/data-inventory.toml, whose head explains the rules:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_new_column_and_a_dropped_one_are_both_found() {
    let database = TestDatabase::new();
    database.execute("ALTER TABLE users ADD COLUMN nickname text, DROP COLUMN phone");
    let found = differences(&columns(&database), &inventory());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("users.nickname has no rule"),
        "{found:?}"
    );
    assert!(found[1].starts_with("users.phone has a rule"), "{found:?}");
}

#[test]
fn the_rules_of_a_tables_columns_agree_with_those_of_its_rows() {
    for (table, rules) in inventory() {
        assert!(
            !rules.purpose.is_empty() && !rules.retention.is_empty(),
            "{table}"
        );
        assert_eq!(
            rules.whose.is_some(),
            rules.rows != RowsRule::None,
            "{table}: rows about an account have a condition, and no others"
        );
        for (column, rule) in &rules.columns {
            let agrees = match rule {
                ColumnRule::None => true,
                ColumnRule::Delete => rules.rows == RowsRule::Delete,
                // In a table whose rows go, of the rows about other accounts.
                ColumnRule::Keep(_) => rules.rows != RowsRule::None,
                ColumnRule::Clear | ColumnRule::Tombstone(_) => {
                    matches!(rules.rows, RowsRule::Keep | RowsRule::Tombstone)
                }
            };
            assert!(
                agrees,
                "{table}.{column}: {rule:?} in rows that are {:?}",
                rules.rows
            );
        }
    }
}

#[test]
fn every_condition_of_the_inventory_is_a_query_that_runs() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    for (table, rules) in inventory() {
        if let Some(condition) = rules.rows_of(user) {
            database.texts(&format!(
                "SELECT count(*)::text FROM {table} WHERE {condition}"
            ));
        }
    }
}
