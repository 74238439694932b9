//! Role assignments with a scope and a term, which ends without a further action.

use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, Permission, PermissionName, RoleName, Scope, Term},
    platform::text::OfficeTitle,
};
use chrono::{DateTime, Utc};

use super::{
    AccessControl, AccessError, Caller, has_proved_address, hold_ends, require_held, require_in,
    require_rank, require_rank_in_chapter, require_to_change_rights_in,
};
use crate::{
    access::{
        Authority,
        ports::{AssignmentFilter, CallerRecord},
    },
    platform::{
        audit::{Action, Entry, Target},
        lists::{ListRequest, Listed, TimePosition},
        ports::StoreError,
    },
    store::{Reads, Writes},
};

#[derive(Clone, Debug)]
pub struct AssignmentDraft {
    pub user_id: UserId,
    pub role: RoleName,
    pub scope: Scope,
    /// `None` is now.
    pub valid_from: Option<DateTime<Utc>>,
    /// `None` is an open end.
    pub valid_until: Option<DateTime<Utc>>,
    pub office_title: Option<OfficeTitle>,
}

#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such assigned role")]
    NotFound,
    #[error("there is no such user")]
    UnknownUser(UserId),
    #[error("there is no such role")]
    UnknownRole(RoleName),
    /// The account's address is unverified, so its owner is unknown.
    #[error("the e-mail address of the account is not verified")]
    Unverified,
    /// The term ends before it begins, or has already ended.
    #[error("the term is over before it begins")]
    TermOver,
    /// The user already holds the role in this scope for a part of the term.
    #[error("the role is assigned already")]
    AlreadyAssigned,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessControl {
    /// Gets an assignment; takes `can_modify_role` in its scope.
    pub async fn assignment(
        &self,
        caller: Caller,
        id: AssignmentId,
    ) -> Result<Assignment, AssignmentError> {
        self.context
            .database
            .read(move |tx| {
                let found = tx.assignment(id)?;
                require_in(
                    tx,
                    &caller,
                    Permission::ModifyRole,
                    scope_of(found.as_ref()),
                )?;
                found.ok_or(AssignmentError::NotFound)
            })
            .await
    }

    /// A page of assignments, newest first; takes `can_modify_role`. Holding it in one chapter
    /// suffices for the list of that chapter.
    pub async fn assignments(
        &self,
        caller: Caller,
        filter: AssignmentFilter,
        page: ListRequest<TimePosition<AssignmentId>>,
    ) -> Result<Listed<Assignment>, AssignmentError> {
        self.context
            .database
            .read(move |tx| {
                let scope = filter.chapter.map_or(Scope::Global, Scope::Chapter);
                require_in(tx, &caller, Permission::ModifyRole, scope)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_assignments(&filter, seek, limit),
                    |tx| tx.count_assignments(&filter),
                )?)
            })
            .await
    }

    /// Assigns a role; takes `can_modify_role` and all permissions of the role, in the scope of the
    /// assignment. The term ends no later than the caller's own hold of these permissions. The
    /// assignee's address must be verified.
    pub async fn assign(
        &self,
        caller: Caller,
        draft: AssignmentDraft,
    ) -> Result<Assignment, AssignmentError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let id = AssignmentId::new(self.context.ids.random());
        self.context
            .database
            .transaction(move |tx| {
                let permission = Permission::ModifyRole;
                let actor = require_to_change_rights_in(tx, &caller, permission, draft.scope)?;
                if tx.user(draft.user_id)?.is_none() {
                    return Err(AssignmentError::UnknownUser(draft.user_id));
                }
                let assignment = draft.into_assignment(id, caller.user, now)?;
                may_change(tx, &caller, &actor, &assignment)?;
                let assignment = within_own_term(tx, &caller, &actor, assignment)?;
                if !has_proved_address(tx, assignment.user_id)? {
                    return Err(AssignmentError::Unverified);
                }
                insert(tx, &assignment)?;
                caller
                    .entry(Action::AssignmentCreate)
                    .on(Target::user(assignment.user_id))
                    .with_assignment(&assignment)
                    .write(tx, entry_id, now)?;
                Ok(assignment)
            })
            .await
    }

    /// Ends a term now, or deletes one that has not begun; takes what the assignment takes. A term
    /// that has ended stays unchanged.
    pub async fn end_assignment(
        &self,
        caller: Caller,
        id: AssignmentId,
    ) -> Result<(), AssignmentError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                let scope = scope_of(tx.assignment(id)?.as_ref());
                let permission = Permission::ModifyRole;
                let actor = require_to_change_rights_in(tx, &caller, permission, scope)?;
                let assignment = tx.assignment(id)?.ok_or(AssignmentError::NotFound)?;
                may_change(tx, &caller, &actor, &assignment)?;
                if assignment.term.is_over(now) {
                    return Ok(());
                }
                if assignment.term.is_to_come(now) {
                    tx.delete_assignment(id)?;
                } else {
                    tx.end_assignment(id, now)?;
                }
                caller
                    .entry(Action::AssignmentEnd)
                    .on(Target::user(assignment.user_id))
                    .with_assignment(&assignment)
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }
}

impl AssignmentDraft {
    fn into_assignment(
        self,
        id: AssignmentId,
        created_by: UserId,
        now: DateTime<Utc>,
    ) -> Result<Assignment, AssignmentError> {
        let term = Term::new(self.valid_from.unwrap_or(now), self.valid_until)
            .filter(|term| !term.is_over(now))
            .ok_or(AssignmentError::TermOver)?;
        Ok(Assignment {
            id,
            user_id: self.user_id,
            role: self.role,
            scope: self.scope,
            term,
            office_title: self.office_title,
            created_by: Some(created_by),
            created_at: now,
            last_modified: now,
        })
    }
}

impl Entry {
    fn with_assignment(self, assignment: &Assignment) -> Self {
        let entry = self
            .with("assignment", assignment.id.to_string())
            .with("role", assignment.role.as_str());
        match assignment.scope.chapter() {
            Some(chapter) => entry.with("chapter", chapter.to_string()),
            None => entry,
        }
    }
}

/// An unknown id needs the permission globally, so ids cannot be probed.
fn scope_of(assignment: Option<&Assignment>) -> Scope {
    assignment.map_or(Scope::Global, |assignment| assignment.scope)
}

/// The caller must hold all permissions of the role in its scope, and outrank the holder there.
fn may_change(
    tx: &mut dyn Reads,
    caller: &Caller,
    actor: &CallerRecord,
    assignment: &Assignment,
) -> Result<(), AssignmentError> {
    let permissions = permissions(tx, assignment)?;
    let given = permissions.iter().map(PermissionName::as_str);
    require_held(actor, given, assignment.scope)?;
    match assignment.scope {
        Scope::Global => require_rank(tx, caller, actor, assignment.user_id)?,
        Scope::Chapter(chapter) => {
            require_rank_in_chapter(tx, caller, actor, assignment.user_id, chapter)?;
        }
    }
    Ok(())
}

/// Shortens the term to the caller's own hold of the role's permissions, so that no grant outlasts
/// its giver's term.
fn within_own_term(
    tx: &mut dyn Reads,
    caller: &Caller,
    actor: &CallerRecord,
    assignment: Assignment,
) -> Result<Assignment, AssignmentError> {
    let permissions = permissions(tx, &assignment)?;
    let given = permissions.iter().map(PermissionName::as_str);
    let ends = hold_ends(tx, caller, actor, given, assignment.scope)?;
    let Some(first) = ends.values().min() else {
        return Ok(assignment);
    };
    let (from, until) = (assignment.term.from(), assignment.term.until());
    let until = until.map_or(*first, |asked| asked.min(*first));
    match Term::new(from, Some(until)) {
        Some(term) => Ok(Assignment { term, ..assignment }),
        None => {
            let ended = ends.into_iter().filter(|(_, end)| *end <= from);
            Err(AccessError::Beyond(ended.map(|(name, _)| name).collect()).into())
        }
    }
}

fn permissions(
    tx: &mut dyn Reads,
    assignment: &Assignment,
) -> Result<Vec<PermissionName>, AssignmentError> {
    let role = tx.named(&assignment.role)?;
    let role = role.ok_or_else(|| AssignmentError::UnknownRole(assignment.role.clone()))?;
    Ok(role.parts)
}

fn insert(tx: &mut dyn Writes, assignment: &Assignment) -> Result<(), AssignmentError> {
    let Assignment {
        user_id,
        role,
        scope,
        term,
        ..
    } = assignment;
    if tx.is_assigned(*user_id, role, *scope, *term)? {
        return Err(AssignmentError::AlreadyAssigned);
    }
    Ok(tx.insert_assignment(assignment)?)
}
