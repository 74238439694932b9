//! Verification: claims of accounts on records of the register.
//!
//! [`Claim::apply`] is the state machine, [`Calendar`] the clock of working days, [`ClaimCode`] the secret on an
//! invitation, and [`matching`] the score that explains to a reviewer how well a record fits.

mod award;
mod calendar;
mod code;
mod evidence;
mod machine;
pub mod matching;
mod text;

pub use award::{ClaimedAward, MAX_CLAIMED_AWARDS, award_year};
pub use calendar::{Calendar, REVIEW_DAYS};
pub use code::{ClaimCode, ClaimCodeHash};
pub use evidence::{EvidenceKind, MAX_EVIDENCE, MAX_EVIDENCE_BYTES};
pub use machine::{
    Applied, Claim, ClaimState, Command, CommandKind, Decision, EventKind, Lease, Method,
    NEEDS_INFO_LIFETIME, Proof, REVIEW_LEASE, ReasonCode, Refusal, Subject, TRANSITIONS,
    Transition, Verdict, Vote,
};
pub use text::ClaimMessage;

#[cfg(test)]
mod model;
