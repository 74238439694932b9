//! Erasure of accounts: requested by the owner or the staff, carried out in steps that survive a crash.
//!
//! An erasure begins by closing the account. Then each area forgets what it holds, in steps of
//! bounded size whose position is stored. At the end the account's row becomes a tombstone: the
//! uuid stays, because rooms and the audit log refer to it, and nothing of the row names a person.

mod job;

use std::sync::Arc;

use abu_domain::{
    UserId, access::Permission, identity::text::LoginPassword, platform::text::Reason,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    accounts::{ERASURE_DELAY, shut_out},
    events::IdentityEvent,
    passwords::{ConfirmError, PasswordWork},
    ports::{
        EndReason, Erasure, ErasureBacklog, ErasureListener, ErasurePosition, ErasureRecord,
        ErasureStep, LedgerEntry, Publishing, StandingListener, UserHash,
    },
};
use crate::{
    Context,
    access::{self, AccessError, Authority, Caller, LastSuperAdmin},
    platform::{
        audit::{Action, Actor, Entry, Target},
        mail::{self, MailContent, MailState},
        ports::StoreError,
    },
    store::{Store, Writes},
};

pub use job::EraseAccounts;

/// After the account is closed: what its sessions had submitted is stored by then.
const SETTLING: TimeDelta = TimeDelta::seconds(20);
/// The last mail keeps the address this long, if the mail server takes no mail.
const FAREWELL: TimeDelta = TimeDelta::hours(24);
/// Pause before an erasure is tried again that would remove the last super admin.
const UNTIL_ANOTHER_ADMIN: TimeDelta = TimeDelta::hours(1);
/// An erasure that is not done this long after its time is overdue.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::hours(48);
/// The most erasures of one list.
pub const LISTED_AT_ONCE: u32 = 100;

/// What a step left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The account is erased, or there is no such erasure.
    Done,
    More,
    /// What the next step needs is there after this time at the latest.
    Waits(TimeDelta),
    /// The last mail is not sent yet, and needs the address.
    WaitsForMail,
}

/// Who carries an erasure out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarriedOut {
    ByServer,
    /// No server runs, so nothing is under way that a session submitted.
    WithoutServer,
    /// The same, and the owner had the last mail when the account was erased for the first time.
    AfterRestore,
}

#[derive(Debug, thiserror::Error)]
pub enum OwnErasureError {
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    #[error("the last active super admin must stay one")]
    LastSuperAdmin,
    /// No erasure is scheduled, or not by the owner.
    #[error("there is no erasure to cancel")]
    NotFound,
    /// It cannot be canceled any more.
    #[error("the erasure has begun")]
    Begun,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for OwnErasureError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

impl From<LastSuperAdmin> for OwnErasureError {
    fn from(error: LastSuperAdmin) -> Self {
        match error {
            LastSuperAdmin::Last => Self::LastSuperAdmin,
            LastSuperAdmin::Store(error) => Self::Store(error),
        }
    }
}

/// Why the operator's wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such account")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone)]
pub struct Erasures {
    pub context: Context,
    pub passwords: PasswordWork,
    pub standing: Arc<dyn StandingListener>,
    /// The areas that forget the account, in this order; positions in it are stored.
    pub listeners: Arc<[Arc<dyn ErasureListener>]>,
}

impl Erasures {
    /// Schedules the erasure of the caller's account, and mails its owner. A repeated request
    /// changes nothing. The account works on until then, so that its owner can cancel it.
    pub async fn request(
        &self,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<ErasureRecord, OwnErasureError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = Arc::clone(&self.context.ids);
        self.context
            .database
            .transaction(move |tx| {
                let user = confirmed.lock(tx)?;
                access::keep_a_super_admin(tx, user.id, &user.groups)?;
                let runs_at = now + ERASURE_DELAY;
                let is_new = tx.insert_erasure(&Erasure {
                    user_id: user.id,
                    requested_by: user.id,
                    reason: Reason::own_wish(),
                    requested_at: now,
                    runs_at,
                })?;
                let record = tx.erasure(user.id)?.ok_or(OwnErasureError::NotFound)?;
                if is_new {
                    let content = MailContent::ErasureScheduled {
                        firstname: user.firstname,
                        at: runs_at,
                    };
                    mail::enqueue(tx, &*ids, now, &user.email, content)?;
                    confirmed
                        .caller
                        .entry(Action::AccountRequestErasure)
                        .on(Target::user(user.id))
                        .write(tx, entry_id, now)?;
                }
                Ok(record)
            })
            .await
    }

    /// The scheduled erasure of the caller's account.
    pub async fn own(&self, caller: Caller) -> Result<ErasureRecord, OwnErasureError> {
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                tx.erasure(caller.user)?.ok_or(OwnErasureError::NotFound)
            })
            .await
    }

    /// Cancels the erasure that the caller requested.
    pub async fn cancel(&self, caller: Caller) -> Result<(), OwnErasureError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                access::require_self(tx, &caller)?;
                if !tx.call_off_own_erasure(caller.user)? {
                    return Err(match tx.erasure(caller.user)? {
                        Some(record) if record.started_at.is_some() => OwnErasureError::Begun,
                        _ => OwnErasureError::NotFound,
                    });
                }
                caller
                    .entry(Action::AccountCancelErasure)
                    .on(Target::user(caller.user))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The earliest erasure after a position whose time has come.
    pub fn next_due(
        &self,
        store: &dyn Store,
        after: Option<ErasurePosition>,
    ) -> Result<Option<ErasurePosition>, StoreError> {
        let now = self.context.clock.now();
        let due: Vec<ErasureRecord> = store.read(|tx| tx.list_erasures(now, after, 1))?;
        Ok(due.first().map(ErasurePosition::from))
    }

    /// Erasures that are scheduled or under way, for the operator.
    pub fn list(&self, authority: &impl Authority) -> Result<Vec<ErasureRecord>, AccessError> {
        self.context.database.store().transaction(|tx| {
            access::require(tx, authority, Permission::ViewUser)?;
            Ok(tx.list_erasures(DateTime::<Utc>::MAX_UTC, None, LISTED_AT_ONCE)?)
        })
    }

    /// What is scheduled, due and overdue.
    pub fn backlog(&self, store: &dyn Store) -> Result<ErasureBacklog, StoreError> {
        let now = self.context.clock.now();
        store.read(|tx| tx.erasure_backlog(now, now - OVERDUE_AFTER))
    }

    /// Brings the erasure of the account forward to now, or schedules one, for the operator.
    pub fn hurry(
        &self,
        authority: &impl Authority,
        user: UserId,
        reason: &Reason,
    ) -> Result<(), RunError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context.database.store().transaction(|tx| {
            access::require(tx, authority, Permission::DeleteUser)?;
            tx.lock_account(user)?;
            tx.user(user)?.ok_or(RunError::NotFound)?;
            tx.hurry_erasure(user, reason, now)?;
            authority
                .entry(Action::UserScheduleErasure)
                .on(Target::user(user))
                .with("reason", reason.as_str())
                .write(tx, entry_id, now)?;
            Ok(())
        })
    }

    /// A part of the ledger, in the order of the hashes.
    pub fn ledger(
        &self,
        authority: &impl Authority,
        after: Option<UserHash>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, AccessError> {
        self.context.database.store().transaction(|tx| {
            access::require(tx, authority, Permission::ViewUser)?;
            Ok(tx.erasure_ledger(after, limit)?)
        })
    }

    /// The accounts of a ledger that a restored backup brought back.
    pub fn returned(&self, hashes: &[UserHash]) -> Result<Vec<UserId>, StoreError> {
        let store = self.context.database.store();
        store.read(|tx| tx.accounts_of_hashes(hashes))
    }

    /// Whether no erasure of the account is left to do.
    pub fn is_over(&self, store: &dyn Store, user: UserId) -> Result<bool, StoreError> {
        store.read(|tx| Ok(tx.erasure(user)?.is_none()))
    }

    /// Does a step of at most about half a second of the account's erasure. It blocks. Steps of one
    /// erasure may run in several processes: each is harmless when done twice.
    pub fn step(
        &self,
        store: &dyn Store,
        user: UserId,
        carried_out: CarriedOut,
    ) -> Result<Progress, StoreError> {
        let now = self.context.clock.now();
        let Some(record) = store.read::<_, StoreError>(|tx| tx.erasure(user))? else {
            return Ok(Progress::Done);
        };
        if record.runs_at > now {
            return Ok(Progress::Waits(record.runs_at - now));
        }
        let Some(started_at) = record.started_at else {
            return self.begin(store, user, carried_out, now);
        };
        if carried_out == CarriedOut::ByServer && now < started_at + SETTLING {
            return Ok(Progress::Waits(started_at + SETTLING - now));
        }
        match self.listeners.get(record.stage) {
            Some(listener) => {
                let step = listener.erase(store, user, record.position, now)?;
                let (stage, position) = match step {
                    ErasureStep::GoOn(position) => (record.stage, position),
                    ErasureStep::Done => (record.stage + 1, None),
                };
                store.transaction::<_, StoreError>(|tx| tx.note_erasure(user, stage, position))?;
                Ok(Progress::More)
            }
            None => self.finish(store, user, now),
        }
    }

    /// Closes the account: no log-in, no request, no chat from then on. The owner's last mail is
    /// enqueued in the same transaction.
    fn begin(
        &self,
        store: &dyn Store,
        user: UserId,
        carried_out: CarriedOut,
        now: DateTime<Utc>,
    ) -> Result<Progress, StoreError> {
        let ids = &*self.context.ids;
        let begun = store.transaction(|tx| {
            tx.lock_account(user)?;
            let record = tx.lock_erasure(user)?;
            if record.is_none_or(|record| record.started_at.is_some()) {
                return Ok(None);
            }
            let Some(account) = tx.user(user)? else {
                return Ok(None);
            };
            access::keep_a_super_admin(tx, user, &account.groups)?;
            shut_out(tx, user, EndReason::Erasure, now)?;
            let passed_on = self.standing.standing_changed(tx, user, now)?;
            let is_mailed =
                carried_out != CarriedOut::AfterRestore && access::has_proved_address(tx, user)?;
            let content = MailContent::AccountErased {
                firstname: account.firstname,
            };
            let farewell = is_mailed
                .then(|| mail::enqueue(tx, ids, now, &account.email, content))
                .transpose()?;
            tx.begin_erasure(user, farewell, now)?;
            Ok(Some(passed_on))
        });
        match begun {
            Ok(Some(passed_on)) => {
                self.publish_closed(user, passed_on);
                log::info!(user:%; "the erasure of an account began");
                Ok(Progress::Waits(SETTLING))
            }
            Ok(None) => Ok(Progress::More),
            Err(LastSuperAdmin::Last) => {
                log::warn!(user:%; "an erasure waits: its account is the last active super admin");
                Ok(Progress::Waits(UNTIL_ANOTHER_ADMIN))
            }
            Err(LastSuperAdmin::Store(error)) => Err(error),
        }
    }

    /// The connections apply it whether or not a caller waits.
    fn publish_closed(&self, user: UserId, passed_on: Publishing) {
        let closed = IdentityEvent::AccountSuspended { user };
        drop(self.context.events.publish(closed));
        drop(passed_on());
    }

    fn finish(
        &self,
        store: &dyn Store,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Progress, StoreError> {
        let entry_id = self.context.ids.time_ordered();
        let progress = store.transaction::<_, StoreError>(|tx| {
            tx.lock_account(user)?;
            let Some(record) = tx.lock_erasure(user)? else {
                return Ok(Progress::Done);
            };
            if is_farewell_under_way(tx, &record, now)? {
                return Ok(Progress::WaitsForMail);
            }
            tx.forget_account(user, now)?;
            Entry::new(Actor::System, Action::UserErase)
                .on(Target::user(user))
                .write(tx, entry_id, now)?;
            Ok(Progress::Done)
        })?;
        if progress == Progress::Done {
            log::info!(user:%; "an account was erased");
        }
        Ok(progress)
    }
}

/// Whether the last mail still needs the address.
fn is_farewell_under_way(
    tx: &mut dyn Writes,
    record: &ErasureRecord,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let is_late = record
        .started_at
        .is_none_or(|started_at| now >= started_at + FAREWELL);
    let Some(id) = record.farewell.filter(|_| !is_late) else {
        return Ok(false);
    };
    let state = tx.mail(id)?.map(|mail| mail.state);
    Ok(state == Some(MailState::Pending))
}
