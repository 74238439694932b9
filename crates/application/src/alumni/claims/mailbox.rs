//! The code that a claimant asks for, mailed to the address on record.
//!
//! The answer is the same with or without a record, an address, or a limit that was reached: a job looks for the record
//! after the answer. The mail's owner can say that they asked for nothing.

use abu_domain::{
    ClaimId, RecordInvitationId,
    alumni::{
        claims::{
            Command,
            matching::{Band, names_fit},
        },
        names::Lexicon,
    },
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Candidate, ClaimError, Claims, candidates, transition};
use crate::{
    access::Server,
    alumni::ports::MailboxInvitation,
    identity::ports::{LinkPurpose, LinkTokens, TokenHash},
    platform::mail::{self, MailContent},
    store::Writes,
};

/// How long a code that a claimant asked for is good.
const LIFETIME: TimeDelta = TimeDelta::minutes(20);
/// How many such mails an address on record gets from all applicants together.
const MAILS_A_DAY: u64 = 2;
const MAILS_A_MONTH: u64 = 5;
/// How long no such mail follows where its owner asked for none.
const SUPPRESSION: TimeDelta = TimeDelta::days(90);

impl Claims {
    /// Mails a code if exactly one record fits well, has an address and no account, and its owner got few such mails.
    pub(super) fn mail_code(
        &self,
        tx: &mut dyn Writes,
        id: ClaimId,
        now: DateTime<Utc>,
    ) -> Result<(), ClaimError> {
        // The claim is locked before the record, as everywhere.
        let record = match transition::locked(tx, id) {
            Ok(record) if record.claim.state.is_open() => record,
            Ok(_) | Err(ClaimError::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some((candidate, address)) = only_fit(&candidates::candidates(tx, &record)?) else {
            return Ok(());
        };
        let found = candidate.record.id;
        let ours = candidates::name_facts(&record.names);
        let theirs = candidates::name_facts(&candidate.record.full_names());
        // The lock makes jobs of several claims count one after the other.
        let may_mail = names_fit(&ours, &theirs, Lexicon::built_in())
            && tx.lock_record(found)?
            && !tx.is_mailbox_suppressed(found, now)?
            && tx.mailbox_mails(found, now - TimeDelta::days(1))? < MAILS_A_DAY
            && tx.mailbox_mails(found, now - TimeDelta::days(30))? < MAILS_A_MONTH;
        if !may_mail {
            return Ok(());
        }
        let invitation = RecordInvitationId::new(self.context.ids.random());
        let expires_at = now + LIFETIME;
        tx.insert_mailbox_invitation(&MailboxInvitation {
            id: invitation,
            claim: id,
            record: found,
            code_hash: self.codes.hash(&self.codes.code(invitation)),
            disown_hash: disown_token_hash(&*self.links, invitation),
            expires_at,
            created_at: now,
        })?;
        let content = MailContent::ClaimMailboxCode {
            invitation_id: invitation.uuid(),
            firstname: greeted(&candidate.record.given_names),
            expires_at,
        };
        mail::enqueue(tx, &*self.context.ids, now, &address, content)?;
        Ok(())
    }

    /// The owner of the mailbox asked for no code: no more such mails for 90 days, and the claim is flagged.
    pub async fn disown(&self, token: [u8; 32]) -> Result<(), ClaimError> {
        let now = self.context.clock.now();
        let this = self.clone();
        let hash: TokenHash = Sha256::digest(token).into();
        self.context
            .database
            .transaction(move |tx| {
                let found = tx.invitation_by_disown_token(&hash)?;
                let invitation = found.ok_or(ClaimError::BadLink)?;
                // The claim is locked before the record.
                let claim = invitation.claim.map(|claim| transition::locked(tx, claim));
                let claim = claim.transpose()?;
                tx.suppress_mailbox(invitation.record, now + SUPPRESSION, now)?;
                let Some(claim) = claim else {
                    return Ok(());
                };
                match this.apply(tx, claim, &Command::Flag, &Server, now) {
                    // A claim that is over needs no flag.
                    Ok(_) | Err(ClaimError::Refused(_)) => Ok(()),
                    Err(error) => Err(error),
                }
            })
            .await
    }
}

/// The hash of the token in the link "this was not me".
pub(in crate::alumni) fn disown_token_hash(
    links: &dyn LinkTokens,
    invitation: RecordInvitationId,
) -> TokenHash {
    Sha256::digest(links.token(LinkPurpose::DisownClaim, invitation.uuid())).into()
}

/// The first given name of a record.
pub(in crate::alumni) fn greeted(given_names: &str) -> PersonName {
    let first = given_names.split_whitespace().next().unwrap_or_default();
    PersonName::parse(first).unwrap_or_else(|_| PersonName::from_storage("graduate".to_owned()))
}

/// The candidate that fits well, if no other one does as well, no account is linked to it, and it has an address.
fn only_fit(candidates: &[Candidate]) -> Option<(Candidate, EmailAddress)> {
    let (best, rest) = candidates.split_first()?;
    let is_ambiguous = rest
        .first()
        .is_some_and(|second| second.score.total >= best.score.total);
    if best.score.band() != Band::Strong || is_ambiguous || best.record.claimed_by.is_some() {
        return None;
    }
    Some((best.clone(), best.record.email.clone()?))
}
