//! Edits of the office.

use abu_domain::{
    access::Permission,
    alumni::reference::{Code, Content, Entry, Flaw, Kind, flaws},
};
use chrono::{DateTime, Utc};

use super::{Change, Reference, ReferenceError};
use crate::{
    access::{Authority, Caller, require},
    platform::{
        audit::{Action, Target},
        versions::{Expected, Version},
    },
    store::{Reads, Writes},
};

impl Reference {
    /// Adds an entry to its list; takes `can_manage_settings`.
    pub async fn create(&self, caller: Caller, content: Content) -> Result<Entry, ReferenceError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                require(tx, &caller, Permission::ManageSettings)?;
                let kind = content.kind();
                let others = lock_list(tx, kind)?;
                if others
                    .iter()
                    .any(|other| other.content.code == content.code)
                {
                    return Err(ReferenceError::CodeTaken);
                }
                require_sound(tx, &content, &others)?;
                tx.insert_reference_entries(kind, std::slice::from_ref(&content), Some(now), now)?;
                let created = changed(tx, kind, &content.code, now)?;
                caller
                    .entry(Action::ReferenceCreate)
                    .on(target(kind, &content.code))
                    .write(tx, entry_id, now)?;
                Ok(created)
            })
            .await
    }

    /// Changes an entry; takes `can_manage_settings`. A change that changes nothing makes no version.
    pub async fn update(
        &self,
        caller: Caller,
        kind: Kind,
        code: Code,
        change: Change,
        expected: Expected,
    ) -> Result<Entry, ReferenceError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                require(tx, &caller, Permission::ManageSettings)?;
                let entries = lock_list(tx, kind)?;
                let (own, others): (Vec<Entry>, Vec<Entry>) = entries
                    .into_iter()
                    .partition(|entry| entry.content.code == code);
                let entry = own.into_iter().next().ok_or(ReferenceError::NotFound)?;
                expected.check(Version::of(entry.last_modified))?;
                let content = change.apply(&entry.content)?;
                if content == entry.content {
                    return Ok(entry);
                }
                require_sound(tx, &content, &others)?;
                tx.update_reference_entries(kind, std::slice::from_ref(&content), Some(now), now)?;
                let updated = changed(tx, kind, &code, now)?;
                caller
                    .entry(Action::ReferenceUpdate)
                    .on(target(kind, &code))
                    .with_names("fields", &changed_fields(&entry.content, &content))
                    .write(tx, entry_id, now)?;
                Ok(updated)
            })
            .await
    }
}

fn lock_list(tx: &mut dyn Writes, kind: Kind) -> Result<Vec<Entry>, ReferenceError> {
    tx.lock_reference_list(kind)?;
    Ok(tx.reference_list(kind)?.1)
}

/// Makes the next version of the list, and reads the entry as it is stored.
fn changed(
    tx: &mut dyn Writes,
    kind: Kind,
    code: &Code,
    now: DateTime<Utc>,
) -> Result<Entry, ReferenceError> {
    tx.next_reference_version(kind, now)?;
    tx.reference_entry(kind, code)?
        .ok_or(ReferenceError::NotFound)
}

/// Refuses what the list must not have, as far as it is this entry's, and parents that do not exist.
fn require_sound(
    tx: &mut dyn Reads,
    content: &Content,
    others: &[Entry],
) -> Result<(), ReferenceError> {
    // Of two entries that share a name, the later one has the flaw: this entry comes last.
    let list = others.iter().map(|other| &other.content).chain([content]);
    if let Some(flaw) = flaws(list)
        .into_iter()
        .find(|flaw| is_of(flaw, &content.code))
    {
        return Err(flaw.into());
    }
    for (kind, parent) in content.details.parents() {
        if tx.reference_entry(kind, parent)?.is_none() {
            return Err(ReferenceError::NoParent(kind, parent.clone()));
        }
    }
    Ok(())
}

fn is_of(flaw: &Flaw, own: &Code) -> bool {
    match flaw {
        Flaw::SharedName { code, .. }
        | Flaw::Unfindable { code, .. }
        | Flaw::CodeTwice(code)
        | Flaw::NoSuccessor(code)
        | Flaw::Cycle(code)
        | Flaw::TooManyAliases(code) => code == own,
    }
}

fn changed_fields(before: &Content, after: &Content) -> Vec<&'static str> {
    let fields = [
        ("name", before.name != after.name),
        ("aliases", before.aliases != after.aliases),
        ("validity", before.validity != after.validity),
        ("successor", before.successor != after.successor),
        ("confirmed_by", before.confirmed_by != after.confirmed_by),
        ("details", before.details != after.details),
    ];
    fields
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
}

fn target(kind: Kind, code: &Code) -> Target {
    Target {
        kind: "reference_entry",
        id: format!("{}/{code}", kind.name()),
    }
}
