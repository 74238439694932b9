//! Proof that the search rows are what the profiles say, and repair.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{ImportId, UserId, alumni::directory::SearchRow};
use chrono::{DateTime, Utc};

use super::refresh::{add_tokens, refresh_entries, refresh_many, row_of};
use crate::{
    platform::ports::{Clock, StoreError},
    store::{Reads, Store, Writes},
};

/// Members of one transaction.
const BATCH: u32 = 1_000;
/// Tokens that are added at once.
const TOKENS: u32 = 5_000;

/// Maintenance of the search rows, for the operator and for tests. It blocks, and checks no permission.
#[derive(Clone)]
pub struct Maintenance {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Members who were compared.
    pub members: u64,
    /// Members whose row is missing, superfluous or different.
    pub differing: Vec<UserId>,
    /// Tokens of names that the vocabulary lacks.
    pub missing_tokens: u64,
}

impl Checked {
    pub fn is_clean(&self) -> bool {
        self.differing.is_empty() && self.missing_tokens == 0
    }
}

impl Maintenance {
    /// Compares every row with the projection of its profile, and repairs it if wanted.
    pub fn check(&self, repair: bool) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let mut after = None;
        loop {
            let (users, differing) = self.store.read(|tx| {
                let users = tx.members_after(after, BATCH)?;
                let differing = differing_among(tx, &users)?;
                Ok::<_, StoreError>((users, differing))
            })?;
            checked.members += users.len() as u64;
            after = users.last().copied();
            for user in differing {
                checked.differing.extend(self.settled(user, repair)?);
            }
            if users.len() < BATCH as usize {
                break;
            }
        }
        checked.missing_tokens = self.store.transaction(|tx| match repair {
            true => add_missing_tokens(tx),
            false => Ok(tx.missing_tokens(TOKENS)?.len() as u64),
        })?;
        Ok(checked)
    }

    /// Compares once more under the lock: a command may have changed the profile between two reads.
    fn settled(&self, user: UserId, repair: bool) -> Result<Option<UserId>, StoreError> {
        let now = self.clock.now();
        self.store.transaction(|tx| {
            let differs = differs(tx, user, now)?;
            if differs && repair {
                refresh_entries(tx, user, now)?;
            }
            Ok(differs.then_some(user))
        })
    }

    /// Makes every row anew, and counts everything; returns how many members there are. Profiles that change meanwhile
    /// are for a check to find.
    pub fn rebuild(&self) -> Result<u64, StoreError> {
        let (mut after, mut members) = (None, 0);
        loop {
            let users = self.store.transaction(|tx| {
                let users = tx.members_after(after, BATCH)?;
                let found = tx.members(&users)?;
                refresh_many(tx, &found, &users)?;
                Ok::<_, StoreError>(users)
            })?;
            members += users.len() as u64;
            after = users.last().copied();
            if users.len() < BATCH as usize {
                break;
            }
        }
        self.count()?;
        Ok(members)
    }

    /// Makes profiles for the synthetic members of an import, without their rows. Production refuses the command.
    pub fn make_synthetic_profiles(&self, import: ImportId) -> Result<u64, StoreError> {
        let now = self.clock.now();
        self.store
            .transaction(|tx| tx.insert_synthetic_profiles(import, now))
    }

    /// Counts tokens, facets and sets.
    pub fn count(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store.transaction(|tx| {
            add_missing_tokens(tx)?;
            tx.recount_tokens()?;
            tx.recount_facets()?;
            tx.recount_sets(now)
        })
    }
}

/// Those of these members whose row is missing, superfluous or different.
pub(super) fn differing_among(
    tx: &mut dyn Reads,
    users: &[UserId],
) -> Result<Vec<UserId>, StoreError> {
    let rows: Vec<SearchRow> = tx.members(users)?.iter().filter_map(row_of).collect();
    let mut differing = tx.differing_entries(&rows)?;
    let listed: BTreeSet<UserId> = rows.iter().map(SearchRow::user).collect();
    let stored = tx.listed_among(users)?;
    differing.extend(stored.into_iter().filter(|user| !listed.contains(user)));
    Ok(differing)
}

/// Locks the member's profile and compares the row.
pub(super) fn differs(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let member = tx.lock_member(user, now)?;
    let row = member.as_ref().and_then(row_of);
    Ok(match &row {
        Some(row) => !tx.differing_entries(std::slice::from_ref(row))?.is_empty(),
        None => !tx.listed_among(&[user])?.is_empty(),
    })
}

/// Adds tokens that the vocabulary lacks, and returns how many.
pub(super) fn add_missing_tokens(tx: &mut dyn Writes) -> Result<u64, StoreError> {
    let mut added = 0;
    loop {
        let missing = tx.missing_tokens(TOKENS)?;
        if missing.is_empty() {
            return Ok(added);
        }
        added += missing.len() as u64;
        add_tokens(tx, missing.iter().map(String::as_str))?;
    }
}
