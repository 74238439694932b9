//! What the entries of a list must not have.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::{Code, Content, list::keys};

/// Why entries cannot be in one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Two entries have this code.
    CodeTwice(Code),
    /// The texts of two entries have a key in common, so an import could not tell them apart.
    SharedName {
        /// The entry.
        code: Code,
        /// The other entry, before it in the list.
        with: Code,
        /// A text of the entry that finds both.
        label: String,
    },
    /// A text of the entry has no letter and no digit, so nothing could find it.
    Unfindable {
        /// The entry.
        code: Code,
        /// The text.
        label: String,
    },
    /// The list has no entry that is named as the successor.
    NoSuccessor(Code),
    /// The successors of the entry lead back to it.
    Cycle(Code),
    /// The entry has more than [`Content::MAX_ALIASES`] aliases.
    TooManyAliases(Code),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CodeTwice(code) => write!(f, "two entries have the code {code}"),
            Self::SharedName { code, with, label } => {
                write!(f, "`{label}` means both {code} and {with}")
            }
            Self::Unfindable { code, label } => {
                write!(f, "`{label}` of {code} has no letter and no digit")
            }
            Self::NoSuccessor(code) => write!(f, "the successor of {code} is not in the list"),
            Self::Cycle(code) => write!(f, "the successors of {code} lead back to it"),
            Self::TooManyAliases(code) => {
                write!(f, "{code} has more than {} aliases", Content::MAX_ALIASES)
            }
        }
    }
}

impl std::error::Error for Flaw {}

/// Everything that is wrong with the entries as one list, in their order.
pub fn flaws<'a>(list: impl IntoIterator<Item = &'a Content>) -> Vec<Flaw> {
    let list: Vec<&Content> = list.into_iter().collect();
    let mut by_code: HashMap<&Code, &Content> = HashMap::with_capacity(list.len());
    let mut flaws = Vec::new();
    for content in &list {
        if by_code.insert(&content.code, content).is_some() {
            flaws.push(Flaw::CodeTwice(content.code.clone()));
        }
    }
    flaws.extend(shared_names(&list));
    for content in &list {
        flaws.extend(flaws_of(content, &by_code));
    }
    flaws
}

fn flaws_of(content: &Content, by_code: &HashMap<&Code, &Content>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if content.aliases.len() > Content::MAX_ALIASES {
        flaws.push(Flaw::TooManyAliases(content.code.clone()));
    }
    let unfindable = content
        .labels()
        .filter(|label| super::key(label).is_empty());
    flaws.extend(unfindable.map(|label| Flaw::Unfindable {
        code: content.code.clone(),
        label: label.to_owned(),
    }));
    match &content.successor {
        Some(successor) if !by_code.contains_key(successor) => {
            flaws.push(Flaw::NoSuccessor(content.code.clone()));
        }
        Some(_) if leads_back(content, by_code) => flaws.push(Flaw::Cycle(content.code.clone())),
        _ => {}
    }
    flaws
}

fn leads_back(content: &Content, by_code: &HashMap<&Code, &Content>) -> bool {
    let mut seen = HashSet::new();
    let mut next = content.successor.as_ref();
    // A chain that runs into a cycle of others ends at the first entry that it meets again.
    while let Some(code) = next.filter(|code| seen.insert(*code)) {
        if *code == content.code {
            return true;
        }
        next = by_code
            .get(code)
            .and_then(|content| content.successor.as_ref());
    }
    false
}

/// The first owner of each key is right; later ones share it.
fn shared_names(list: &[&Content]) -> Vec<Flaw> {
    let mut owners: HashMap<(Option<&Code>, String), &Content> = HashMap::new();
    let mut flaws = Vec::new();
    for content in list {
        for key in keys(content) {
            let owner = owners
                .entry((content.details.namespace(), key.clone()))
                .or_insert(content);
            if owner.code != content.code {
                let label = content.labels().find(|label| super::key(label) == key);
                flaws.push(Flaw::SharedName {
                    code: content.code.clone(),
                    with: owner.code.clone(),
                    label: label.unwrap_or_default().to_owned(),
                });
            }
        }
    }
    flaws
}
