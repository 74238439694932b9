//! The inventory of personal data, as tests read it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Every table, by name.
pub type Inventory = BTreeMap<String, TableRules>;

/// What the inventory says of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRules {
    pub purpose: String,
    /// The condition of the rows about the account `:user`.
    pub whose: Option<String>,
    pub retention: String,
    pub rows: RowsRule,
    pub erased_by: Option<String>,
    pub columns: BTreeMap<String, ColumnRule>,
}

impl TableRules {
    /// The SQL condition of the rows about an account; `None` for a table about no person.
    pub fn rows_of(&self, user: abu_domain::UserId) -> Option<String> {
        let condition = self.whose.as_ref()?;
        Some(condition.replace(":user", &format!("'{user}'::uuid")))
    }
}

/// What an erasure does to the rows about the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowsRule {
    Delete,
    Tombstone,
    Keep,
    /// There are none.
    None,
}

/// What an erasure does to a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum ColumnRule {
    /// It says nothing about a person.
    None,
    Delete,
    Clear,
    /// The value that replaces it.
    Tombstone(String),
    /// The reason.
    Keep(String),
}

impl TryFrom<String> for ColumnRule {
    type Error = String;

    fn try_from(rule: String) -> Result<Self, String> {
        let explained = |text: &str| match text.trim() {
            "" => Err(format!("{rule:?} ends after the colon")),
            text => Ok(text.to_owned()),
        };
        match rule.split_once(':') {
            None if rule == "none" => Ok(Self::None),
            None if rule == "delete" => Ok(Self::Delete),
            None if rule == "clear" => Ok(Self::Clear),
            Some(("tombstone", value)) => Ok(Self::Tombstone(explained(value)?)),
            Some(("keep", reason)) => Ok(Self::Keep(explained(reason)?)),
            _ => Err(format!(
                "{rule:?} is no rule: none, delete, clear, tombstone: VALUE, keep: REASON"
            )),
        }
    }
}

/// Reads `crates/repository/data-inventory.toml`.
pub fn inventory() -> Inventory {
    toml::from_str(include_str!("../../repository/data-inventory.toml"))
        .unwrap_or_else(|error| panic!("crates/repository/data-inventory.toml: {error}"))
}
