//! Codes: possession of an invitation verifies a claim at once, if the names fit.
//!
//! A wrong, used, revoked, expired or foreign code is refused in one way. Attempts are counted by the caller's account,
//! failures by network, and never by the code or its record: a stranger cannot use up the attempts of its owner.

use abu_domain::{
    ClaimId,
    alumni::{
        claims::{ClaimCode, Command, Method, Proof, matching::names_fit},
        names::Lexicon,
    },
    platform::network::Network,
};
use chrono::{DateTime, Utc};

use super::{
    ClaimDraft, ClaimError, Claims, OwnClaim, candidates,
    own::{own_locked, own_open_locked, with_events},
};
use crate::{
    access::{Authority, Caller},
    alumni::ports::{ClaimRecord, RecordFacts, RecordInvitation},
    platform::{
        Origin,
        audit::Action,
        mail::{self, MailContent},
        rate_limits::{Guard, GuardBucket, Subject},
    },
    store::{Reads, Writes},
};

/// Who an invitation is for, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Such as `F. M. B.`
    pub initials: String,
    /// The name of the department of the newest award.
    pub department: Option<String>,
    /// The year of the newest award.
    pub year: Option<i16>,
    /// When the code stops being good.
    pub expires_at: DateTime<Utc>,
}

/// The outcome of a transaction that is committed in both cases: a failure is counted.
enum Attempt<T> {
    Done(T),
    Failed,
}

impl<T> Attempt<T> {
    fn or_bad_code(self) -> Result<T, ClaimError> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Failed => Err(ClaimError::BadCode),
        }
    }
}

impl Claims {
    /// Gives a code for the caller's open claim. It is verified at once, or under review.
    pub async fn redeem(
        &self,
        caller: Caller,
        id: ClaimId,
        code: ClaimCode,
    ) -> Result<OwnClaim, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let record = own_open_locked(tx, &caller, id)?;
                this.count_attempt(tx, &caller, now)?;
                this.attempt(tx, &caller, record, &code, now)
            })
            .await?
            .or_bad_code()
    }

    /// Gives a code without a claim: makes one if none is open. The caller also answers whether the directory may list
    /// them.
    pub async fn accept(
        &self,
        caller: Caller,
        code: ClaimCode,
        list_me: bool,
    ) -> Result<OwnClaim, ClaimError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                crate::access::require_active(tx, &caller)?;
                this.count_attempt(tx, &caller, now)?;
                if let Some(id) = tx.open_claim(caller.user)? {
                    let record = own_locked(tx, &caller, id)?;
                    return this.attempt(tx, &caller, record, &code, now);
                }
                if this.good_invitation(tx, &code, None, now)?.is_none() {
                    return this.failed(tx, caller.origin.network(), now);
                }
                let user = this.require_applicant(tx, &caller, now)?;
                let draft = ClaimDraft {
                    awards: Vec::new(),
                    list_me,
                };
                let record = this.insert(tx, &user, draft, now)?;
                caller
                    .entry(Action::ClaimCreate)
                    .on(super::transition::target(record.claim.id))
                    .write(tx, entry_id, now)?;
                this.attempt(tx, &caller, record, &code, now)
            })
            .await?
            .or_bad_code()
    }

    /// Who an invitation is for, masked. Clients without an account may ask.
    pub async fn preview(&self, origin: Origin, code: ClaimCode) -> Result<Preview, ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let network = origin.network();
                this.check_network(tx, network, now)?;
                let good = this.good_invitation(tx, &code, None, now)?;
                let Some((invitation, facts)) = good else {
                    return this.failed(tx, network, now);
                };
                tx.mark_invitation_opened(invitation.id, now)?;
                Ok(Attempt::Done(preview(&facts, invitation.expires_at)))
            })
            .await?
            .or_bad_code()
    }

    /// Counts an attempt of the caller, and refuses it where the caller or the network made too many.
    fn count_attempt(
        &self,
        tx: &mut dyn Writes,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> Result<(), ClaimError> {
        self.check_network(tx, caller.origin.network(), now)?;
        let limits = &self.context.limits;
        let bucket = limits.bucket(Guard::ClaimCode, &[Subject::User(caller.user)]);
        limits.count_or_refuse::<ClaimError>(tx, bucket, now)
    }

    fn check_network(
        &self,
        tx: &mut dyn Reads,
        network: Option<Network>,
        now: DateTime<Utc>,
    ) -> Result<(), ClaimError> {
        match self.failures_of(network) {
            Some(bucket) => self.context.limits.check::<ClaimError>(tx, &[bucket], now),
            None => Ok(()),
        }
    }

    fn failures_of(&self, network: Option<Network>) -> Option<GuardBucket> {
        let network = Subject::Network(network?);
        Some(
            self.context
                .limits
                .bucket(Guard::ClaimCodeNetwork, &[network]),
        )
    }

    fn failed<T>(
        &self,
        tx: &mut dyn Writes,
        network: Option<Network>,
        now: DateTime<Utc>,
    ) -> Result<Attempt<T>, ClaimError> {
        if let Some(bucket) = self.failures_of(network) {
            self.context.limits.count(tx, &[bucket], now)?;
        }
        Ok(Attempt::Failed)
    }

    /// The invitation of a code that is good for this claim, with its record.
    fn good_invitation(
        &self,
        tx: &mut dyn Reads,
        code: &ClaimCode,
        claim: Option<ClaimId>,
        now: DateTime<Utc>,
    ) -> Result<Option<(RecordInvitation, RecordFacts)>, ClaimError> {
        let found = tx.invitation_by_code(&self.codes.hashes(code))?;
        let good = found.filter(|invitation| {
            invitation.is_good(now) && (invitation.claim.is_none() || invitation.claim == claim)
        });
        let Some(invitation) = good else {
            return Ok(None);
        };
        let facts = candidates::record(tx, invitation.record)?;
        Ok(facts.map(|facts| (invitation, facts)))
    }

    fn attempt(
        &self,
        tx: &mut dyn Writes,
        caller: &Caller,
        record: ClaimRecord,
        code: &ClaimCode,
        now: DateTime<Utc>,
    ) -> Result<Attempt<OwnClaim>, ClaimError> {
        let claim = Some(record.claim.id);
        let network = caller.origin.network();
        let Some((invitation, facts)) = self.good_invitation(tx, code, claim, now)? else {
            return self.failed(tx, network, now);
        };
        // Two codes of one record are redeemed one after the other.
        if !tx.lock_record(facts.id)?
            || !tx.accept_invitation_code(invitation.id, caller.user, now)?
        {
            return self.failed(tx, network, now);
        }
        let holder = tx
            .record_facts(&[facts.id])?
            .pop()
            .and_then(|facts| facts.claimed_by);
        let ours = candidates::name_facts(&record.names);
        let theirs = candidates::name_facts(&facts.full_names());
        if let Some(holder) = holder {
            self.warn_holder(tx, holder, now)?;
        }
        let proof = Proof {
            method: match invitation.claim {
                Some(_) => Method::Mailbox,
                None => Method::Code,
            },
            record: facts.id,
            fits: holder.is_none() && names_fit(&ours, &theirs, Lexicon::built_in()),
        };
        let record = self.apply(tx, record, &Command::Prove(proof), caller, now)?;
        Ok(Attempt::Done(with_events(tx, record, now)?))
    }

    /// Mails the account that is linked to a record which another one claims.
    fn warn_holder(
        &self,
        tx: &mut dyn Writes,
        holder: abu_domain::UserId,
        now: DateTime<Utc>,
    ) -> Result<(), ClaimError> {
        let Some(user) = tx.user(holder)? else {
            return Ok(());
        };
        let content = MailContent::ClaimOnYourRecord {
            firstname: user.firstname,
            at: now,
        };
        mail::enqueue(tx, &*self.context.ids, now, &user.email, content)?;
        Ok(())
    }
}

fn preview(facts: &RecordFacts, expires_at: DateTime<Utc>) -> Preview {
    let newest = facts.awards.last();
    Preview {
        initials: initials(&format!("{} {}", facts.given_names, facts.surname)),
        department: newest
            .and_then(|award| award.department.as_ref())
            .map(|department| department.label.clone()),
        year: newest.map(|award| award.year),
        expires_at,
    }
}

/// The first letter of each word, such as `F. M. B.`
fn initials(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c == '-');
    // A glottal sign is a letter to Unicode.
    let is_initial = |c: &char| c.is_alphabetic() && !('\u{2b0}'..='\u{2ff}').contains(c);
    let letters = words.filter_map(|word| word.chars().find(is_initial));
    let initials: Vec<String> = letters
        .map(|letter| format!("{}.", letter.to_uppercase()))
        .collect();
    initials.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_letters_of_all_words() {
        assert_eq!(initials("Fatima musa Bello"), "F. M. B.");
        assert_eq!(initials("Ṣadé Abdul-Rahman ʼAli"), "Ṣ. A. R. A.");
        assert_eq!(initials(" - "), "");
    }
}
