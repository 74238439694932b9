//! Changing the primary address, and changing it back.

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
    /// Asks whoever reads the address whether it is to be the caller's primary one.
    pub async fn change(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
    ) -> Result<(), EmailError> {
        self.claim(caller, email, password, Wish::Primary).await
    }

    /// Makes the address that the token was sent to the caller's primary one. The old one is not
    /// theirs any more; whoever reads it is told, and may undo the change for [`UNDO_WINDOW`].
    ///
    /// # Errors
    /// [`LinkError`]; `Gone` too where the token is another account's.
    pub async fn confirm_change(&self, caller: Caller, token: &str) -> Result<(), LinkError> {
        let hash = token_hash(token);
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                access::require_self(tx, &caller)?;
                let verification = lock_live(tx, &hash?, now)?;
                access::require_self(tx, &caller)?;
                let new = verification.email;
                if !verification.makes_primary || new.user_id != caller.user {
                    return Err(LinkError::Gone);
                }
                if !take_address(tx, &new.email, Some(caller.user), now)? {
                    return Err(LinkError::Gone);
                }
                this.make_primary(tx, &new, now)?;
                caller
                    .entry(Action::EmailChange)
                    .on(Target::user(caller.user))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    fn make_primary(
        &self,
        tx: &mut dyn Writes,
        new: &UserEmail,
        now: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let user = tx.user(new.user_id)?.ok_or(LinkError::Gone)?;
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

    /// Gives an account back to whoever reads the address that it had: that one is the primary one
    /// again, and whoever changed it is out. The new address is gone, and with it those that came at
    /// most [`UNDO_WINDOW`] before the change, and one-time passwords that did; every session has ended,
    /// every link is dead, and the password, which somebody else seems to know, opens nothing any more.
    /// A link to another one is sent to the old address.
    pub async fn undo_change(&self, token: &str, origin: Origin) -> Result<(), LinkError> {
        let hash = token_hash(token)?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        ending_sessions(
            &self.context.database,
            &self.context.live_sessions,
            move |tx| {
                let change = lock_undoable(tx, &hash, now)?;
                let user = change.user_id;
                this.give_back(tx, &change, now)?;
                tx.set_password_hash(user, NO_PASSWORD, now)?;
                passwords::kill_links(tx, user, now)?;
                let because = EndReason::EmailChangeUndone;
                let sessions = tx.end_sessions(user, WhichSessions::All, because, now)?;
                this.tell_of_undoing(tx, &change, now)?;
                Entry::new(Actor::Anonymous, Action::EmailChangeUndo)
                    .from(&origin)
                    .on(Target::user(user))
                    .write(tx, entry_id, now)?;
                Ok(((), EndedSessions { user, sessions }))
            },
        )
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
        // Whoever changed the address may have prepared for this.
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

/// The change that the token undoes, if it still can, with its address and its account locked.
fn lock_undoable(
    tx: &mut dyn Writes,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<EmailChange, LinkError> {
    let found = undoable(tx, hash, now)?;
    tx.lock_address(&found.old_email)?;
    tx.lock_account(found.user_id)?;
    // Once more: while we waited for the locks it may have been undone.
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
