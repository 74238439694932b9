//! The office's side of the grown vocabularies: confirm, correct and merge names.

use abu_domain::{
    access::Permission,
    alumni::profiles::{TermName, TermState, Vocabulary},
};
use uuid::Uuid;

use super::{ProfileError, jobs::follow_term};
use crate::{
    Context,
    access::{self, Authority},
    alumni::ports::{TermFilter, TermRecord},
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed},
    },
    store::Writes,
};

/// The use cases of the office; each takes `can_manage_settings`.
#[derive(Clone)]
pub struct Vocabularies {
    pub context: Context,
}

impl Vocabularies {
    /// A page of the names, by spelling.
    pub async fn list(
        &self,
        caller: impl Authority,
        vocabulary: Vocabulary,
        filter: TermFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<TermRecord>, ProfileError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ManageSettings)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_terms(vocabulary, &filter, seek, limit),
                    |tx| tx.count_terms(vocabulary, &filter),
                )?)
            })
            .await
    }

    /// Confirms a name, and corrects its spelling if another one is given.
    pub async fn confirm(
        &self,
        caller: impl Authority,
        vocabulary: Vocabulary,
        uuid: Uuid,
        spelling: Option<TermName>,
    ) -> Result<TermRecord, ProfileError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = self.context.ids.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ManageSettings)?;
                let term = own_name(tx, vocabulary, uuid)?;
                let name = match spelling {
                    Some(name) => name,
                    None => stored_name(vocabulary, &term)?,
                };
                if term.state == TermState::Confirmed && name.as_str() == term.name {
                    return Ok(term);
                }
                tx.save_term(vocabulary, term.id, &name, TermState::Confirmed, now)?;
                follow_term(tx, &*ids, vocabulary, term.id, None)?;
                let after = tx.term(vocabulary, uuid)?;
                caller
                    .entry(Action::VocabularyConfirm)
                    .on(target(vocabulary, uuid))
                    .write(tx, entry_id, now)?;
                after.ok_or(ProfileError::EntryNotFound)
            })
            .await
    }

    /// Makes a name stand for another one. Profiles show the other at once; a job rewrites them.
    pub async fn merge(
        &self,
        caller: impl Authority,
        vocabulary: Vocabulary,
        uuid: Uuid,
        into: Uuid,
    ) -> Result<TermRecord, ProfileError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = self.context.ids.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ManageSettings)?;
                let locked = tx.lock_terms(vocabulary, &[uuid, into])?;
                let find = |uuid| locked.iter().find(|term| term.uuid == uuid);
                let (Some(from), Some(kept)) = (find(uuid), find(into)) else {
                    return Err(ProfileError::EntryNotFound);
                };
                let is_merged = |term: &TermRecord| term.state == TermState::Merged;
                if uuid == into || is_merged(from) || is_merged(kept) {
                    return Err(ProfileError::TermMerged);
                }
                let name = stored_name(vocabulary, kept)?;
                tx.save_term(vocabulary, kept.id, &name, TermState::Confirmed, now)?;
                tx.merge_term(vocabulary, from.id, kept.id, now)?;
                follow_term(tx, &*ids, vocabulary, from.id, Some(kept.id))?;
                follow_term(tx, &*ids, vocabulary, kept.id, None)?;
                let after = tx.term(vocabulary, into)?;
                caller
                    .entry(Action::VocabularyMerge)
                    .on(target(vocabulary, into))
                    .with("merged", uuid.to_string())
                    .write(tx, entry_id, now)?;
                after.ok_or(ProfileError::EntryNotFound)
            })
            .await
    }
}

/// A locked name that stands for itself.
fn own_name(
    tx: &mut dyn Writes,
    vocabulary: Vocabulary,
    uuid: Uuid,
) -> Result<TermRecord, ProfileError> {
    let term = tx.lock_terms(vocabulary, &[uuid])?.pop();
    let term = term.ok_or(ProfileError::EntryNotFound)?;
    match term.state {
        TermState::Merged => Err(ProfileError::TermMerged),
        TermState::Proposed | TermState::Confirmed => Ok(term),
    }
}

fn stored_name(vocabulary: Vocabulary, term: &TermRecord) -> Result<TermName, ProfileError> {
    TermName::parse(vocabulary, &term.name).map_err(|violation| ProfileError::Invalid {
        field: "name",
        violation,
    })
}

fn target(vocabulary: Vocabulary, uuid: Uuid) -> Target {
    let kind = match vocabulary {
        Vocabulary::Employers => "employer",
        Vocabulary::Skills => "skill",
    };
    Target {
        kind,
        id: uuid.to_string(),
    }
}
