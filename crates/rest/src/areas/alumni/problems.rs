//! Refusals of the alumni area, as problem documents.

use abu_application::{
    alumni::{claims::ClaimError, invitations::InvitationError},
    platform::ports::FileError,
};
use abu_domain::alumni::claims::{ClaimState, Refusal};

use crate::{
    input::FieldError,
    problem::{Problem, ProblemKind, refusals},
};

/// Of an unknown, used, revoked, expired or foreign code: which, is not told.
const BAD_CODE: &str = "The code is not good, or not any more.";

refusals! {
    ClaimError: Access, Changed, RateLimited, Store {
        NotFound => NotFound, "There is no such claim.";
        RecordNotFound => NotFound, "There is no such record.";
        EvidenceNotFound => NotFound, "There is no such file.";
        TooMuchEvidence => Conflict("evidence-full"), "The claim has 5 files, which is the most.";
        EvidenceTooLarge => PayloadTooLarge, "The file has more than 8388608 bytes.";
        HolidayNotFound => NotFound, "The day is no holiday.";
        EmailUnverified => Conflict("email-unverified"),
            "Confirm the e-mail address of your account first.";
        AlreadyOpen => Conflict("claim-open"),
            "You have a claim already. Withdraw it before you make another one.";
        AlreadyVerified => Conflict("already-verified"), "The account is verified.";
        NoAward => Conflict("no-award"),
            "The claim names no award, so only a code can prove it. Make one with an award.";
        BadCode => Gone, BAD_CODE;
        BadLink => Gone, "The link is not good, or not any more.";
        RecordClaimed => Conflict("record-claimed"), "Another account is linked to the record.";
    } {
        ClaimError::Unknown { award, field, violation } => {
            Self::validation(vec![FieldError::in_element("awards", award, field, violation)])
        }
        ClaimError::EvidenceKind => {
            Self::in_field("file", "file.kind", "must be a PDF, JPEG, PNG or WebP file")
        }
        ClaimError::Files(error) => storage(error),
        ClaimError::Blocking(busy) => Self::unavailable(busy),
        ClaimError::Refused(refusal) => refused(refusal),
    }

    InvitationError: Access, Store {
        NotFound => NotFound, "There is no such batch.";
        NotPrinted => Conflict("not-printed"),
            "The batch has no codes to download: they were mailed, or are not all made.";
        Revoked => Conflict("revoked"), "The batch was revoked: none of its codes is good.";
        ReasonRequired => Conflict("reason-required"),
            "The codes were downloaded before. Give a reason for another download.";
    }
}

pub(super) fn storage(error: FileError) -> Problem {
    match error {
        FileError::Full(_) => Problem::new(
            ProblemKind::Unavailable,
            "The server has no room for the file.",
        )
        .caused_by(error),
        error => Problem::internal(error),
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::State(state) => Problem::conflict("claim-state", wrong_state(state)),
        Refusal::OwnClaim => Problem::new(
            ProblemKind::PermissionDenied,
            "No one decides their own claim.",
        ),
        Refusal::Leased(_) => Problem::conflict(
            "claim-assigned",
            "Another reviewer works on the claim. Try again in a quarter of an hour.",
        ),
        Refusal::AlreadyVoted => Problem::conflict(
            "second-reviewer",
            "You have voted this already. Another reviewer must agree.",
        ),
        Refusal::NotExpired => {
            Problem::conflict("claim-state", "The applicant still has time to answer.")
        }
    }
}

fn wrong_state(state: ClaimState) -> &'static str {
    match state {
        ClaimState::Draft => "The claim is a draft: submit it first.",
        ClaimState::Submitted => "The claim is submitted and was not opened.",
        ClaimState::InReview => "The claim is under review.",
        ClaimState::NeedsInfo => "The claim waits for an answer of the applicant.",
        ClaimState::Verified => "The claim is verified.",
        ClaimState::Rejected => "The claim was rejected.",
        ClaimState::Withdrawn => "The claim was withdrawn.",
        ClaimState::Revoked => "The verification was revoked.",
    }
}
