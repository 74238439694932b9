//! JSON forms of the alumni area.

mod award;
mod batch;
mod claim;
mod reviewed;

pub(super) use award::{AwardBody, ClaimedAwardForm};
pub(super) use batch::BatchForm;
pub(super) use claim::{EvidenceForm, ListedClaim, OwnClaimForm, PreviewForm};
pub(super) use reviewed::{QueuedClaimForm, ReviewedClaimForm};
