//! Roles that people hold for a term, everywhere or in a chapter: how officers get what they may do,
//! and lose it again without anybody thinking of it.

use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, Permission, PermissionName, RoleName, Scope, Term},
    platform::text::OfficeTitle,
};
use chrono::{DateTime, Utc};

use super::{
    AccessControl, AccessError, Caller, has_proved_address, require_held, require_held_until,
    require_in, require_rank, require_rank_in_chapter, require_to_change_rights_in,
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

/// A role about to be assigned.
#[derive(Clone, Debug)]
pub struct AssignmentDraft {
    /// To whom.
    pub user_id: UserId,
    /// Which role.
    pub role: RoleName,
    /// Where it counts.
    pub scope: Scope,
    /// From when on; `None` is now.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when, where it ends by itself.
    pub valid_until: Option<DateTime<Utc>>,
    /// What the office is called.
    pub office_title: Option<OfficeTitle>,
}

/// Why a role was not assigned, or a term not ended or shown.
#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such assigned role.
    #[error("there is no such assigned role")]
    NotFound,
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser(UserId),
    /// There is no such role.
    #[error("there is no such role")]
    UnknownRole(RoleName),
    /// Nobody proved that they read the address of the account, so nobody knows whose it is.
    #[error("the e-mail address of the account is not verified")]
    Unverified,
    /// The term would end before it begins, or is over already.
    #[error("the term is over before it begins")]
    TermOver,
    /// They hold the role there already, for a part of the term.
    #[error("the role is assigned already")]
    AlreadyAssigned,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessControl {
    /// An assigned role; takes `can_modify_role` where it counts.
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

    /// A page of assigned roles, the ones assigned last first; takes `can_modify_role`, which somebody
    /// who holds it in one chapter has for the list of that chapter.
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

    /// Assigns a role; takes `can_modify_role` and every permission that the role gives, where it is
    /// to count. Nobody gives themself more time than they have. The address of whoever gets it must be
    /// verified.
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
                if caller.user == assignment.user_id {
                    may_give_oneself(tx, &caller, &assignment)?;
                }
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

    /// Ends a term now, or calls off one that has not begun; takes what assigning the role takes. A term
    /// that is over stays as it was.
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

/// Where it counts; of one that is not there only those may know who may see all.
fn scope_of(assignment: Option<&Assignment>) -> Scope {
    assignment.map_or(Scope::Global, |assignment| assignment.scope)
}

/// Whoever gives or ends a term holds all that the role gives, where it counts, and outranks whose term
/// it is, there.
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

fn may_give_oneself(
    tx: &mut dyn Reads,
    caller: &Caller,
    assignment: &Assignment,
) -> Result<(), AssignmentError> {
    let permissions = permissions(tx, assignment)?;
    let given = permissions.iter().map(PermissionName::as_str);
    require_held_until(tx, caller, given, assignment.scope, assignment.term.until())?;
    Ok(())
}

fn permissions(
    tx: &mut dyn Reads,
    assignment: &Assignment,
) -> Result<Vec<PermissionName>, AssignmentError> {
    let role = tx.role(&assignment.role)?;
    let role = role.ok_or_else(|| AssignmentError::UnknownRole(assignment.role.clone()))?;
    Ok(role.permissions)
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
