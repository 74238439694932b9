//! Who may see what: the levels of a member's fields, and the listing in the directory.

use std::collections::BTreeMap;

use abu_domain::{
    alumni::visibility::{Audience, Field, Level, Privacy},
    identity::consent::ConsentPurpose,
};

use super::{ProfileError, Profiles, own::Outcome};
use crate::{
    access::{self, Caller},
    alumni::ports::Member,
    platform::versions::{Expected, Version},
};

/// The wording of the question whether the directory may list the member.
const LISTING_WORDING: &str = "listing-1";

/// What a level of a field means for its member now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    pub field: Field,
    pub level: Level,
    /// Whether the directory finds the member by the field.
    pub is_searchable: bool,
    /// Whether graduates who are not connected with the member see it.
    pub is_shown_to_graduates: bool,
    /// How many connections see it.
    pub connections: u64,
    /// Whether the public page shows it.
    pub is_on_public_page: bool,
}

/// The levels of a member, and what they mean.
#[derive(Clone, Debug)]
pub struct PrivacyView {
    pub is_listed: bool,
    /// Every field, in the order of declaration.
    pub effects: Vec<Effect>,
    pub version: Version,
}

/// What changes: fields that are left out keep their level.
#[derive(Clone, Debug, Default)]
pub struct PrivacyChange {
    pub levels: BTreeMap<Field, Level>,
    pub is_listed: Option<bool>,
}

/// What a change did to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    pub before: Level,
    pub effect: Effect,
}

impl Profiles {
    pub async fn privacy(&self, caller: Caller) -> Result<PrivacyView, ProfileError> {
        let this = self.clone();
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                let member = tx.members(&[caller.user])?.pop();
                let member = member.ok_or(ProfileError::NotFound)?;
                let connections = this.relations.count_connections(tx, caller.user)?;
                Ok(view(&member, connections))
            })
            .await
    }

    /// Changes levels and the listing, and returns the levels that changed. The answer about the listing is recorded
    /// as the consent `directory`.
    pub async fn set_privacy(
        &self,
        caller: Caller,
        change: PrivacyChange,
        expected: Expected,
    ) -> Result<(PrivacyView, Vec<LevelChange>), ProfileError> {
        let this = self.clone();
        let changed = self.change_with(caller, expected, move |tx, member, now| {
            let user = member.facts.user;
            let connections = this.relations.count_connections(tx, user)?;
            let before = (member.privacy.clone(), connections);
            let after = changed(&member.privacy, &change)?;
            let is_listed = member.eligibility.is_listed;
            let answer = change.is_listed.filter(|answer| *answer != is_listed);
            if after == member.privacy && answer.is_none() {
                return Ok((Outcome::Unchanged, before));
            }
            tx.save_privacy(user, &after)?;
            if let Some(answer) = answer {
                let purpose = ConsentPurpose::Directory;
                tx.insert_answer(user, purpose, answer, LISTING_WORDING, "privacy", now)?;
                tx.set_listed(user, answer)?;
            }
            Ok((Outcome::Changed, before))
        });
        let (own, (before, connections)) = changed.await?;
        let view = view(&own.member, connections);
        let changes = changes(&before, &view);
        Ok((view, changes))
    }
}

fn changed(before: &Privacy, change: &PrivacyChange) -> Result<Privacy, ProfileError> {
    let mut after = before.clone();
    for (field, level) in &change.levels {
        let chosen = after.choose(*field, *level);
        chosen.map_err(|violation| ProfileError::Level {
            field: *field,
            violation,
        })?;
    }
    Ok(after)
}

fn changes(before: &Privacy, view: &PrivacyView) -> Vec<LevelChange> {
    let changed = view.effects.iter().filter_map(|effect| {
        let before = before.level(effect.field);
        (before != effect.level).then_some(LevelChange {
            before,
            effect: *effect,
        })
    });
    changed.collect()
}

fn view(member: &Member, connections: u64) -> PrivacyView {
    let effects = Field::ALL
        .iter()
        .map(|field| effect(member, *field, connections));
    PrivacyView {
        is_listed: member.eligibility.is_listed,
        effects: effects.collect(),
        version: Version::of(member.last_modified),
    }
}

fn effect(member: &Member, field: Field, connections: u64) -> Effect {
    let level = member.privacy.level(field);
    let eligibility = member.eligibility;
    let is_listed = eligibility.is_searchable();
    let has_page = member.slug.is_some()
        && eligibility.is_visible()
        && member.privacy.level(Field::Name).admits(Audience::Public);
    let to_graduates = level.admits(Audience::Alumni) && is_listed;
    Effect {
        field,
        level,
        is_searchable: to_graduates && field.is_searchable(),
        is_shown_to_graduates: to_graduates,
        connections: match level.admits(Audience::Connection) && eligibility.is_visible() {
            true => connections,
            false => 0,
        },
        is_on_public_page: has_page && level.admits(Audience::Public),
    }
}
