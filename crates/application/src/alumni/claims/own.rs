//! The applicant's side: make, submit, answer and withdraw a claim.
//!
//! Nothing here reads the register, so neither the answers nor their times tell whether it has a record.

use std::collections::BTreeSet;

use abu_domain::{
    ClaimId, Violation,
    alumni::claims::{Claim, ClaimMessage, ClaimedAward, Command, Refusal},
    identity::{
        consent::ConsentPurpose,
        user::{User, Verification},
    },
};
use chrono::{DateTime, Utc};

use super::{ClaimError, Claims, transition};
use crate::{
    access::{self, Authority, Caller},
    alumni::ports::{AskedCodes, ClaimEvent, ClaimRecord, CodeKind, Evidence, KnownCode},
    platform::{
        audit::Action,
        lists::{ListRequest, Listed, TimePosition},
        rate_limits::{Guard, Subject},
    },
    store::{Reads, Writes},
};

/// How many events of a claim are shown.
pub const MAX_EVENTS: u32 = 200;

/// The wording of the question whether the directory may list the applicant.
pub(super) const LISTING_WORDING: &str = "listing-1";

/// A claim to be made.
#[derive(Clone, Debug)]
pub struct ClaimDraft {
    pub awards: Vec<ClaimedAward>,
    /// The answer to the question whether the directory may list the applicant.
    pub list_me: bool,
}

/// A claim as its applicant sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnClaim {
    pub record: ClaimRecord,
    /// Those that the applicant may see, oldest first.
    pub events: Vec<ClaimEvent>,
    /// Oldest first.
    pub evidence: Vec<Evidence>,
}

impl Claims {
    /// A page of the caller's claims, newest first.
    pub async fn list_own(
        &self,
        caller: Caller,
        page: ListRequest<TimePosition<ClaimId>>,
    ) -> Result<Listed<ClaimRecord>, ClaimError> {
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.claims_of(caller.user, seek, limit),
                    |tx| tx.count_claims_of(caller.user),
                )?)
            })
            .await
    }

    pub async fn get_own(&self, caller: Caller, id: ClaimId) -> Result<OwnClaim, ClaimError> {
        let now = self.context.clock.now();
        self.context
            .database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                let record = tx.claim(id)?.filter(|record| is_of(record, &caller));
                let record = record.ok_or(ClaimError::NotFound)?;
                with_events(tx, record, now)
            })
            .await
    }

    /// Makes a draft. The caller's address must be verified, and no other claim be open.
    pub async fn create(&self, caller: Caller, draft: ClaimDraft) -> Result<OwnClaim, ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let user = this.require_applicant(tx, &caller, now)?;
                let record = this.insert(tx, &user, draft, now)?;
                caller
                    .entry(Action::ClaimCreate)
                    .on(transition::target(record.claim.id))
                    .write(tx, entry_id, now)?;
                with_events(tx, record, now)
            })
            .await
    }

    /// Submits a draft, or submits again after the office asked.
    pub async fn submit(&self, caller: Caller, id: ClaimId) -> Result<OwnClaim, ClaimError> {
        self.command(caller, id, Command::Submit).await
    }

    /// Sends a message to the office; it answers the office's question if there is one.
    pub async fn answer(
        &self,
        caller: Caller,
        id: ClaimId,
        message: ClaimMessage,
    ) -> Result<OwnClaim, ClaimError> {
        self.command(caller, id, Command::Answer(message)).await
    }

    pub async fn withdraw(&self, caller: Caller, id: ClaimId) -> Result<OwnClaim, ClaimError> {
        self.command(caller, id, Command::Withdraw).await
    }

    async fn command(
        &self,
        caller: Caller,
        id: ClaimId,
        command: Command,
    ) -> Result<OwnClaim, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let record = own_locked(tx, &caller, id)?;
                if matches!(command, Command::Submit) && record.awards.is_empty() {
                    return Err(ClaimError::NoAward);
                }
                if matches!(command, Command::Answer(_)) {
                    let limits = &this.context.limits;
                    let bucket = limits.bucket(Guard::ClaimMessage, &[Subject::User(caller.user)]);
                    limits.count_or_refuse::<ClaimError>(tx, bucket, now)?;
                }
                let record = this.apply(tx, record, &command, &caller, now)?;
                with_events(tx, record, now)
            })
            .await
    }

    /// The caller's account, locked, if it may make a claim; counts it.
    pub(super) fn require_applicant(
        &self,
        tx: &mut dyn Writes,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> Result<User, ClaimError> {
        tx.lock_account(caller.user)?;
        access::require_active(tx, caller)?;
        if !access::has_proved_address(tx, caller.user)? {
            return Err(ClaimError::EmailUnverified);
        }
        let user = tx.user(caller.user)?.ok_or(ClaimError::NotFound)?;
        if user.verification == Verification::Verified {
            return Err(ClaimError::AlreadyVerified);
        }
        if tx.open_claim(caller.user)?.is_some() {
            return Err(ClaimError::AlreadyOpen);
        }
        let limits = &self.context.limits;
        let bucket = limits.bucket(Guard::Claim, &[Subject::User(caller.user)]);
        limits.count_or_refuse::<ClaimError>(tx, bucket, now)?;
        Ok(user)
    }

    /// Stores a draft of an applicant, and their answer about the directory.
    pub(super) fn insert(
        &self,
        tx: &mut dyn Writes,
        user: &User,
        draft: ClaimDraft,
        now: DateTime<Utc>,
    ) -> Result<ClaimRecord, ClaimError> {
        let known = known_codes(tx, &draft.awards)?;
        let record = ClaimRecord {
            claim: Claim::draft(self.context.ids.random().into(), user.id, now),
            names: names(user, &draft.awards),
            awards: draft.awards,
            list_me: draft.list_me,
        };
        tx.insert_claim(&record, &faculties(known))?;
        tx.insert_answer(
            user.id,
            ConsentPurpose::Directory,
            record.list_me,
            LISTING_WORDING,
            "claim",
            now,
        )?;
        Ok(record)
    }
}

pub(super) fn is_of(record: &ClaimRecord, caller: &Caller) -> bool {
    record.claim.user_id == caller.user
}

/// The caller's own claim, locked.
pub(super) fn own_locked(
    tx: &mut dyn Writes,
    caller: &Caller,
    id: ClaimId,
) -> Result<ClaimRecord, ClaimError> {
    tx.lock_account(caller.user)?;
    access::require_active(tx, caller)?;
    let record = tx.lock_claim(id)?.filter(|record| is_of(record, caller));
    record.ok_or(ClaimError::NotFound)
}

/// The caller's own claim, locked, if it is open.
pub(super) fn own_open_locked(
    tx: &mut dyn Writes,
    caller: &Caller,
    id: ClaimId,
) -> Result<ClaimRecord, ClaimError> {
    let record = own_locked(tx, caller, id)?;
    match record.claim.state {
        state if state.is_open() => Ok(record),
        state => Err(Refusal::State(state).into()),
    }
}

pub(super) fn with_events(
    tx: &mut dyn Reads,
    record: ClaimRecord,
    now: DateTime<Utc>,
) -> Result<OwnClaim, ClaimError> {
    Ok(OwnClaim {
        events: tx.claim_events(record.claim.id, true, MAX_EVENTS)?,
        evidence: tx.evidence_of(record.claim.id, now)?,
        record,
    })
}

/// The codes of the faculties of these departments and programmes.
pub(super) fn faculties(known: Vec<KnownCode>) -> Vec<String> {
    let faculties = known.into_iter().filter_map(|known| known.faculty);
    let faculties: BTreeSet<String> = faculties.collect();
    faculties.into_iter().collect()
}

/// The account's name, and those at graduation that differ from it.
pub(super) fn names(user: &User, awards: &[ClaimedAward]) -> Vec<String> {
    let full = |surname: &str| {
        let middle = user.middlename.as_ref().map(|name| name.as_str());
        let parts = [Some(user.firstname.as_str()), middle, Some(surname)];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join(" ")
    };
    let mut names = vec![full(user.lastname.as_str())];
    for award in awards {
        let name = full(award.surname_at_graduation.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The reference data of the awards; refuses codes that it lacks.
pub(super) fn known_codes(
    tx: &mut dyn Reads,
    awards: &[ClaimedAward],
) -> Result<Vec<KnownCode>, ClaimError> {
    if awards.is_empty() {
        return Ok(Vec::new());
    }
    let asked = AskedCodes {
        departments: awards
            .iter()
            .filter_map(|award| award.department.clone())
            .collect(),
        programmes: awards
            .iter()
            .filter_map(|award| award.programme.clone())
            .collect(),
        degrees: awards.iter().map(|award| award.degree.clone()).collect(),
    };
    let known = tx.known_codes(&asked)?;
    for (number, award) in awards.iter().enumerate() {
        for (field, kind, code) in [
            (
                "department",
                CodeKind::Department,
                award.department.as_ref(),
            ),
            ("programme", CodeKind::Programme, award.programme.as_ref()),
            ("degree", CodeKind::Degree, Some(&award.degree)),
        ] {
            let is_known = |code: &String| {
                known
                    .iter()
                    .any(|known| known.kind == kind && known.code == *code)
            };
            if code.is_some_and(|code| !is_known(code)) {
                return Err(ClaimError::Unknown {
                    award: number,
                    field,
                    violation: Violation {
                        code: "reference.unknown",
                        rule: "must be a code of the reference data",
                    },
                });
            }
        }
    }
    Ok(known)
}
