//! Names of variables: `ABU__SECTION__NAME`. Other names that begin like ours are mistakes.

use std::collections::BTreeSet;

pub(super) const PREFIX: &str = "ABU__";
/// A variable with this suffix names a file that holds the value.
pub(super) const FILE_SUFFIX: &str = "_file";

/// Variables that are no settings: of this program, and of the chat in the terminal.
const OTHERS: [&str; 5] = [
    "ABU_ENV",
    "ABU_CONFIG_DIR",
    "ABU_CHAT_SERVER",
    "ABU_CHAT_EMAIL",
    "ABU_CHAT_PASSWORD",
];

pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("ABU_")
}

/// What is wrong with the number of underscores in a name, if anything. `known` are the keys of all settings, such
/// as `server.port`.
pub(super) fn mistake(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let rest = name.strip_prefix("ABU_")?;
    let is_well_formed = rest.starts_with('_') && rest.trim_start_matches('_').contains("__");
    if OTHERS.contains(&name) || is_well_formed {
        return None;
    }
    let rest = rest.trim_start_matches('_').to_lowercase();
    if let Some(variable) = known.iter().find_map(|key| meant(&rest, key)) {
        return Some(format!("is not read: the setting's variable is {variable}"));
    }
    let sections = known.iter().filter_map(|key| key.split_once('.'));
    let section = sections
        .map(|(section, _)| section)
        .find(|section| rest.starts_with(&format!("{section}_")))?;
    let variable = variable(section, rest[section.len()..].trim_start_matches('_'));
    Some(format!(
        "is not read: variables of settings are spelled like {variable}"
    ))
}

/// The variable of the setting, if `rest` spells it, or the file that holds it, with other separators.
fn meant(rest: &str, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.')?;
    let file = format!("{name}{FILE_SUFFIX}");
    [name, &file]
        .into_iter()
        .find(|name| bare(rest) == bare(&format!("{section}{name}")))
        .map(|name| variable(section, name))
}

fn bare(text: &str) -> String {
    text.replace('_', "")
}

fn variable(section: &str, name: &str) -> String {
    format!("{PREFIX}{section}__{name}").to_uppercase()
}
