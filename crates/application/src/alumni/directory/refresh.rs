//! The search row of a member follows the profile, in the transaction of its change.

use std::collections::BTreeSet;

use abu_domain::{
    UserId,
    alumni::{
        directory::SearchRow,
        names::{Token, deletes, skeleton},
        visibility::{Audience, VisibleProfile},
    },
};
use chrono::{DateTime, Utc};

use crate::{
    alumni::ports::{Member, NewToken},
    platform::ports::StoreError,
    store::Writes,
};

/// Locks a member's profile, and makes the search row what its projection is now. Every command that changes what the
/// directory shows of a member ends with this, so that of concurrent commands the last one decides. Returns the member
/// as it is then; `None` for an unknown or erased account.
pub fn refresh_entries(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Member>, StoreError> {
    let member = tx.lock_member(user, now)?;
    let row = member.as_ref().and_then(row_of);
    let before = tx.stored_tokens(user)?;
    match &row {
        Some(row) => {
            tx.upsert_entries(std::slice::from_ref(row))?;
            let known: BTreeSet<&str> = before.iter().map(String::as_str).collect();
            let new = row.tokens().filter(|token| !known.contains(token));
            add_tokens(tx, new)?;
        }
        None => drop(tx.delete_entries(&[user])?),
    }
    let kept: BTreeSet<&str> = row.iter().flat_map(SearchRow::tokens).collect();
    let gone = before.iter().filter(|token| !kept.contains(token.as_str()));
    let gone: Vec<String> = gone.cloned().collect();
    if !gone.is_empty() {
        tx.forget_tokens(&gone)?;
    }
    Ok(member)
}

/// The same for many members whose profiles nothing else changes: for maintenance.
pub fn refresh_many(
    tx: &mut dyn Writes,
    members: &[Member],
    users: &[UserId],
) -> Result<(), StoreError> {
    let rows: Vec<SearchRow> = members.iter().filter_map(row_of).collect();
    let listed: BTreeSet<UserId> = rows.iter().map(SearchRow::user).collect();
    let unlisted = users.iter().filter(|user| !listed.contains(user));
    let unlisted: Vec<UserId> = unlisted.copied().collect();
    if !unlisted.is_empty() {
        tx.delete_entries(&unlisted)?;
    }
    if !rows.is_empty() {
        tx.upsert_entries(&rows)?;
        add_tokens(tx, rows.iter().flat_map(SearchRow::tokens))?;
    }
    Ok(())
}

/// The row that a member should have.
pub(super) fn row_of(member: &Member) -> Option<SearchRow> {
    if !member.eligibility.is_searchable() {
        return None;
    }
    let visible = VisibleProfile::project(&member.facts, &member.privacy, Audience::Alumni)?;
    SearchRow::of(&visible)
}

pub(super) fn add_tokens<'a>(
    tx: &mut dyn Writes,
    tokens: impl Iterator<Item = &'a str>,
) -> Result<(), StoreError> {
    let tokens: BTreeSet<&str> = tokens.collect();
    let tokens = tokens.into_iter().map(|text| {
        let token = Token::from_storage(text);
        NewToken {
            token: text.to_owned(),
            skeleton: skeleton(token),
            deletes: deletes(token).into_iter().collect(),
        }
    });
    let tokens: Vec<NewToken> = tokens.collect();
    match tokens.is_empty() {
        true => Ok(()),
        false => tx.add_tokens(&tokens),
    }
}
