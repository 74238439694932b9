//! Change of the primary address, with an undo window for the owner of the old one.

use super::{
    proof::{lock_live, token_hash},
    *,
};
use crate::{
    access::Authority,
    identity::{
        passwords::{self, NO_PASSWORD},
        ports::{EmailChange, EndReason, WhichSessions},
        sessions::{EndedSessions, ending_sessions},
    },
    platform::{
        Origin,
        audit::{Actor, Entry},
    },
};

impl Emails {
    /// Claims the address as the caller's primary one: mails a link to it that proves control, and a
    /// link to the present primary address that approves it.
    pub async fn change(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
    ) -> Result<(), EmailError> {
        self.claim(caller, email, password, Wish::Primary).await
    }

    /// Proves control of the token's address. Makes it the caller's primary one if the present one
    /// has approved it; false while that link was not opened. `Gone` too if the token belongs to
    /// another account.
    pub async fn confirm_change(&self, caller: Caller, token: &str) -> Result<bool, LinkError> {
        let hash = token_hash(token);
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require_self(tx, &caller)?;
                let opened = lock_live(tx, &hash?, now)?;
                access::require_self(tx, &caller)?;
                let is_own = opened.link == ProofLink::Own && opened.makes_primary;
                if !is_own || opened.email.user_id != caller.user {
                    return Err(LinkError::Gone);
                }
                let is_changed = this.open(tx, &opened, now)?;
                let action = match is_changed {
                    true => Action::EmailChange,
                    false => Action::EmailVerify,
                };
                caller
                    .entry(action)
                    .on(Target::user(caller.user))
                    .write(tx, entry_id, now)?;
                Ok(is_changed)
            })
            .await
    }

    /// Makes the address the account's primary one and deletes the old one. Mails the old address a
    /// link that undoes the change for [`UNDO_WINDOW`].
    pub(super) fn make_primary(
        &self,
        tx: &mut dyn Writes,
        new: &UserEmail,
        now: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let user = tx.user(new.user_id)?.ok_or(LinkError::Gone)?;
        tx.mark_verified(new.id, now)?;
        set_primary(tx, new, now)?;
        let id = self.context.ids.random();
        let change = EmailChange {
            id,
            user_id: user.id,
            old_email: user.email,
            new_email: new.email.clone(),
            undo_hash: Sha256::digest(self.links.token(LinkPurpose::UndoEmailChange, id)).into(),
            changed_at: now,
            undo_until: now + UNDO_WINDOW,
            undone_at: None,
        };
        tx.insert_email_change(&change)?;
        let content = MailContent::EmailChanged {
            change_id: id,
            firstname: user.firstname,
            new_address_masked: new.email.masked(),
            undo_until: change.undo_until,
        };
        mail::enqueue(tx, &*self.context.ids, now, &change.old_email, content)?;
        Ok(())
    }

    /// Account recovery by the owner of the old address, which becomes the primary one again.
    ///
    /// Deletes the new address, and addresses and second factors from [`UNDO_WINDOW`] before the
    /// change onwards. Revokes all sessions and links, and clears the password, which an attacker
    /// seems to know. Mails the old address a link to choose another one.
    pub async fn undo_change(&self, token: &str, origin: Origin) -> Result<(), LinkError> {
        let hash = token_hash(token)?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        ending_sessions(&self.context, move |tx| {
            let change = lock_undoable(tx, &hash, now)?;
            let user = change.user_id;
            this.give_back(tx, &change, now)?;
            tx.set_password_hash(user, NO_PASSWORD, now)?;
            passwords::drop_pending(tx, user, now)?;
            let because = EndReason::EmailChangeUndone;
            let sessions = tx.end_sessions(user, WhichSessions::All, because, now)?;
            this.tell_of_undoing(tx, &change, now)?;
            Entry::new(Actor::Anonymous, Action::EmailChangeUndo)
                .from(&origin)
                .on(Target::user(user))
                .write(tx, entry_id, now)?;
            Ok(((), EndedSessions { user, sessions }))
        })
        .await
    }

    fn give_back(
        &self,
        tx: &mut dyn Writes,
        change: &EmailChange,
        now: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let user = change.user_id;
        if !take_address(tx, &change.old_email, Some(user), now)? {
            return Err(LinkError::Gone);
        }
        tx.mark_undone_since(user, change.changed_at, now)?;
        // An attacker may have prepared in the time before the change.
        let since = change.changed_at - UNDO_WINDOW;
        tx.delete_emails_since(user, since, &change.new_email)?;
        tx.forget_totp_since(user, since)?;
        let left = tx.emails_of(user)?;
        let old = left.into_iter().find(|left| left.email == change.old_email);
        let old = match old {
            Some(old) => old,
            None => {
                let old = UserEmail {
                    id: EmailId::new(self.context.ids.random()),
                    user_id: user,
                    email: change.old_email.clone(),
                    is_primary: false,
                    verified_at: None,
                    awaits_proof: false,
                    created_at: now,
                };
                tx.insert_email(&old)?;
                old
            }
        };
        tx.mark_verified(old.id, now)?;
        tx.make_primary(&old, now)?;
        Ok(())
    }

    fn tell_of_undoing(
        &self,
        tx: &mut dyn Writes,
        change: &EmailChange,
        now: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let user = tx.user(change.user_id)?.ok_or(LinkError::Gone)?;
        let (ids, lifetime) = (&*self.context.ids, self.reset_lifetime);
        let reset_id = passwords::begin_reset(tx, ids, &*self.links, user.id, lifetime, now)?;
        let content = MailContent::EmailChangeUndone {
            reset_id,
            firstname: user.firstname,
        };
        mail::enqueue(tx, ids, now, &change.old_email, content)?;
        Ok(())
    }
}

/// The undoable change of the token, with its address and account locked.
fn lock_undoable(
    tx: &mut dyn Writes,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<EmailChange, LinkError> {
    let found = undoable(tx, hash, now)?;
    tx.lock_address(&found.old_email)?;
    tx.lock_account(found.user_id)?;
    // Reads again: another request may have undone it during the wait for the locks.
    undoable(tx, hash, now)
}

fn undoable(
    tx: &mut dyn Reads,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<EmailChange, LinkError> {
    tx.email_change(hash)?
        .filter(|change| change.undone_at.is_none() && change.undo_until > now)
        .ok_or(LinkError::Gone)
}
