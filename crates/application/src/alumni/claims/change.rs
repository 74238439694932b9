//! Changes of what a claim says, while it waits for its applicant.

use abu_domain::{
    ClaimId,
    alumni::claims::{ClaimedAward, Command},
    identity::consent::ConsentPurpose,
};
use chrono::{DateTime, Utc};

use super::{
    ClaimError, Claims, OwnClaim,
    own::{LISTING_WORDING, faculties, known_codes, names, own_locked, with_events},
};
use crate::{
    access::Caller,
    alumni::ports::ClaimRecord,
    platform::{
        rate_limits::{Guard, Subject},
        versions::{Expected, Version},
    },
    store::Writes,
};

/// What changes in a claim: a merge patch.
#[derive(Clone, Debug, Default)]
pub struct ClaimPatch {
    /// All awards from now on.
    pub awards: Option<Vec<ClaimedAward>>,
    pub list_me: Option<bool>,
}

impl Claims {
    /// Changes what the caller's claim says, in `draft` and `needs_info`. Its names follow the account and the awards. A
    /// patch that changes nothing leaves no trace.
    pub async fn change(
        &self,
        caller: Caller,
        id: ClaimId,
        patch: ClaimPatch,
        expected: Expected,
    ) -> Result<OwnClaim, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let record = own_locked(tx, &caller, id)?;
                expected.check(Version::of(record.claim.last_modified))?;
                let record = this.changed(tx, &caller, record, patch, now)?;
                with_events(tx, record, now)
            })
            .await
    }

    fn changed(
        &self,
        tx: &mut dyn Writes,
        caller: &Caller,
        before: ClaimRecord,
        patch: ClaimPatch,
        now: DateTime<Utc>,
    ) -> Result<ClaimRecord, ClaimError> {
        let user = tx.user(caller.user)?.ok_or(ClaimError::NotFound)?;
        let awards = patch.awards.unwrap_or_else(|| before.awards.clone());
        let after = ClaimRecord {
            names: names(&user, &awards),
            list_me: patch.list_me.unwrap_or(before.list_me),
            awards,
            claim: before.claim.clone(),
        };
        before.claim.require(Command::Change.kind())?;
        if after == before {
            return Ok(before);
        }
        let limits = &self.context.limits;
        let bucket = limits.bucket(Guard::ClaimChange, &[Subject::User(caller.user)]);
        limits.count_or_refuse::<ClaimError>(tx, bucket, now)?;
        let faculties = faculties(known_codes(tx, &after.awards)?);
        tx.save_claim_contents(&after, &faculties)?;
        if after.list_me != before.list_me {
            tx.insert_answer(
                user.id,
                ConsentPurpose::Directory,
                after.list_me,
                LISTING_WORDING,
                "claim",
                now,
            )?;
        }
        self.apply(tx, after, &Command::Change, caller, now)
    }
}
