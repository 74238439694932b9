//! The state machine of a claim: one table of transitions, and what each command changes.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Calendar, ClaimMessage, REVIEW_DAYS};
use crate::{ClaimId, RecordId, UserId, named_enum};

/// How long a reviewer has a claim alone.
pub const REVIEW_LEASE: TimeDelta = TimeDelta::minutes(15);

/// How long a claim waits for an answer of the applicant before it counts as withdrawn.
pub const NEEDS_INFO_LIFETIME: TimeDelta = TimeDelta::days(30);

named_enum! {
    /// The state of a claim.
    pub enum ClaimState {
        /// The applicant has not submitted it.
        Draft => "draft",
        /// It waits for a reviewer.
        Submitted => "submitted",
        /// A reviewer has opened it.
        InReview => "in_review",
        /// It waits for an answer of the applicant; the clock stands still.
        NeedsInfo => "needs_info",
        /// The account is linked to the record.
        Verified => "verified",
        /// The office has rejected it.
        Rejected => "rejected",
        /// The applicant has withdrawn it, or did not answer.
        Withdrawn => "withdrawn",
        /// The office has withdrawn its verification.
        Revoked => "revoked",
    }
}

impl ClaimState {
    /// Whether a decision is to come. An account has one such claim at most.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Draft | Self::Submitted | Self::InReview | Self::NeedsInfo
        )
    }
}

named_enum! {
    /// What verified a claim.
    pub enum Method {
        /// The code of an invitation of the office.
        Code => "code",
        /// The code that the applicant asked for, mailed to the address on record.
        Mailbox => "mailbox",
        /// A reviewer.
        Review => "review",
    }
}

named_enum! {
    /// Why a reviewer asked, rejected or revoked. The applicant sees it.
    pub enum ReasonCode {
        /// No record fits what the claim says.
        NotFound => "not-found",
        /// The names of the account and of the record differ too much.
        NamesDiffer => "names-differ",
        /// The claim lacks details that tell namesakes apart.
        MoreDetails => "more-details",
        /// The evidence cannot be read, or does not prove the claim.
        EvidenceInsufficient => "evidence-insufficient",
        /// The same person has another account.
        AnotherAccount => "another-account",
        /// The record is another person's.
        NotThisPerson => "not-this-person",
        /// The register is wrong, and the office corrects it first.
        RegisterWrong => "register-wrong",
        /// Another reason, which the message gives.
        Other => "other",
    }
}

named_enum! {
    /// What can be done to a claim.
    #[derive(PartialOrd, Ord)]
    pub enum CommandKind {
        /// See [`Command::Change`].
        Change => "change",
        /// See [`Command::Attach`].
        Attach => "attach",
        /// See [`Command::Submit`].
        Submit => "submit",
        /// See [`Command::Prove`].
        Prove => "prove",
        /// See [`Command::Open`].
        Open => "open",
        /// See [`Command::RequestInfo`].
        RequestInfo => "request_info",
        /// See [`Command::Answer`].
        Answer => "answer",
        /// See [`Command::Link`].
        Link => "link",
        /// See [`Command::Approve`].
        Approve => "approve",
        /// See [`Command::Reject`].
        Reject => "reject",
        /// See [`Command::Withdraw`].
        Withdraw => "withdraw",
        /// See [`Command::Expire`].
        Expire => "expire",
        /// See [`Command::Flag`].
        Flag => "flag",
        /// See [`Command::Revoke`].
        Revoke => "revoke",
    }
}

/// A row of [`TRANSITIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The states that the command may find.
    pub from: &'static [ClaimState],
    /// The command.
    pub command: CommandKind,
    /// The states that it may leave.
    pub to: &'static [ClaimState],
}

/// All transitions. A command in a state that its row lacks is refused.
pub const TRANSITIONS: &[Transition] = {
    use ClaimState::*;
    const fn row(
        from: &'static [ClaimState],
        command: CommandKind,
        to: &'static [ClaimState],
    ) -> Transition {
        Transition { from, command, to }
    }
    const OPEN: &[ClaimState] = &[Draft, Submitted, InReview, NeedsInfo];
    const KNOWN: &[ClaimState] = &[Draft, Submitted, InReview, NeedsInfo, Verified];
    &[
        row(
            &[Draft, NeedsInfo],
            CommandKind::Change,
            &[Draft, NeedsInfo],
        ),
        row(OPEN, CommandKind::Attach, OPEN),
        row(
            &[Draft, NeedsInfo],
            CommandKind::Submit,
            &[Submitted, InReview],
        ),
        row(OPEN, CommandKind::Prove, &[Verified, InReview]),
        row(&[Submitted, InReview], CommandKind::Open, &[InReview]),
        row(&[InReview], CommandKind::RequestInfo, &[NeedsInfo]),
        row(
            &[Submitted, InReview, NeedsInfo],
            CommandKind::Answer,
            &[Submitted, InReview],
        ),
        row(&[InReview], CommandKind::Link, &[InReview]),
        row(&[InReview], CommandKind::Approve, &[InReview, Verified]),
        row(&[InReview], CommandKind::Reject, &[InReview, Rejected]),
        row(OPEN, CommandKind::Withdraw, &[Withdrawn]),
        row(&[NeedsInfo], CommandKind::Expire, &[Withdrawn]),
        row(KNOWN, CommandKind::Flag, KNOWN),
        row(&[Verified], CommandKind::Revoke, &[Verified, Revoked]),
    ]
};

/// Possession of a code that names a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How the applicant came to the code.
    pub method: Method,
    /// The record that the code names.
    pub record: RecordId,
    /// Whether the names fit and no other account is linked to the record.
    pub fits: bool,
}

/// A decision of a reviewer, with its reason for the applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who decides.
    pub reviewer: UserId,
    /// The reason.
    pub reason: ReasonCode,
    /// What the applicant reads.
    pub message: Option<ClaimMessage>,
}

/// A command to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The applicant changes what the claim says. Votes on what it said before count no more.
    Change,
    /// The applicant sends a file as evidence.
    Attach,
    /// The applicant submits a draft, or submits again what the office asked about.
    Submit,
    /// The applicant gives a valid code.
    Prove(Proof),
    /// A reviewer takes the claim for [`REVIEW_LEASE`], or takes it longer.
    Open {
        /// The reviewer.
        reviewer: UserId,
    },
    /// A reviewer asks the applicant.
    RequestInfo(Decision),
    /// The applicant writes to the office.
    Answer(ClaimMessage),
    /// A reviewer notes which record the claim is about.
    Link {
        /// The reviewer.
        reviewer: UserId,
        /// The record.
        record: RecordId,
    },
    /// A reviewer approves the claim on a record.
    Approve {
        /// The reviewer.
        reviewer: UserId,
        /// The record.
        record: RecordId,
        /// Whether this approval takes a second reviewer.
        needs_second: bool,
    },
    /// A reviewer rejects the claim.
    Reject(Decision),
    /// The applicant withdraws the claim.
    Withdraw,
    /// The applicant has not answered within [`NEEDS_INFO_LIFETIME`].
    Expire,
    /// The owner of the mailbox on record says that they asked for no code.
    Flag,
    /// A reviewer revokes the verification.
    Revoke(Decision),
}

impl Command {
    /// Its kind.
    pub const fn kind(&self) -> CommandKind {
        match self {
            Self::Change => CommandKind::Change,
            Self::Attach => CommandKind::Attach,
            Self::Submit => CommandKind::Submit,
            Self::Prove(_) => CommandKind::Prove,
            Self::Open { .. } => CommandKind::Open,
            Self::RequestInfo(_) => CommandKind::RequestInfo,
            Self::Answer(_) => CommandKind::Answer,
            Self::Link { .. } => CommandKind::Link,
            Self::Approve { .. } => CommandKind::Approve,
            Self::Reject(_) => CommandKind::Reject,
            Self::Withdraw => CommandKind::Withdraw,
            Self::Expire => CommandKind::Expire,
            Self::Flag => CommandKind::Flag,
            Self::Revoke(_) => CommandKind::Revoke,
        }
    }

    /// The reviewer who gives it; `None` for a command of the applicant or the server.
    pub const fn reviewer(&self) -> Option<UserId> {
        match self {
            Self::Open { reviewer }
            | Self::Link { reviewer, .. }
            | Self::Approve { reviewer, .. }
            | Self::RequestInfo(Decision { reviewer, .. })
            | Self::Reject(Decision { reviewer, .. })
            | Self::Revoke(Decision { reviewer, .. }) => Some(*reviewer),
            _ => None,
        }
    }
}

/// A reviewer's hold of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub reviewer: UserId,
    /// The exclusive end.
    pub until: DateTime<Utc>,
}

named_enum! {
    /// What reviewers vote on.
    pub enum Subject {
        /// The open claim.
        Claim => "claim",
        /// The revocation of a verified one.
        Revocation => "revocation",
    }
}

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claim is true of this record.
    Approve(RecordId),
    /// The claim is not proved.
    Reject,
    /// The verification is to be withdrawn.
    Revoke,
}

impl Verdict {
    /// What it is about.
    pub const fn subject(self) -> Subject {
        match self {
            Self::Approve(_) | Self::Reject => Subject::Claim,
            Self::Revoke => Subject::Revocation,
        }
    }
}

/// A reviewer's vote. Each reviewer has one on each subject; a later one replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The reviewer.
    pub reviewer: UserId,
    /// The decision.
    pub verdict: Verdict,
}

named_enum! {
    /// What happened to a claim.
    pub enum EventKind {
        /// The applicant changed what it says.
        Changed => "changed",
        /// The applicant sent a file as evidence.
        EvidenceAdded => "evidence_added",
        /// The applicant submitted it.
        Submitted => "submitted",
        /// A code was valid, and a reviewer looks at the rest.
        ProofUnderReview => "proof_under_review",
        /// A reviewer opened it.
        Opened => "opened",
        /// A reviewer asked the applicant.
        InfoRequested => "info_requested",
        /// The applicant answered.
        Answered => "answered",
        /// A reviewer noted a record.
        Linked => "linked",
        /// A reviewer voted, and another one is needed.
        Voted => "voted",
        /// Two reviewers disagree, and a third one decides.
        Disagreed => "disagreed",
        /// The account is verified.
        Verified => "verified",
        /// The claim was rejected.
        Rejected => "rejected",
        /// The applicant withdrew it.
        Withdrawn => "withdrawn",
        /// The applicant did not answer in time.
        Expired => "expired",
        /// The owner of the mailbox on record asked for no code.
        Flagged => "flagged",
        /// A reviewer asks for the revocation.
        RevocationProposed => "revocation_proposed",
        /// The verification was revoked.
        Revoked => "revoked",
    }
}

impl EventKind {
    /// Whether the applicant may see it. What changes the state is then mailed to them.
    pub const fn is_visible_to_applicant(self) -> bool {
        match self {
            Self::Changed
            | Self::EvidenceAdded
            | Self::Submitted
            | Self::ProofUnderReview
            | Self::InfoRequested
            | Self::Answered
            | Self::Verified
            | Self::Rejected
            | Self::Withdrawn
            | Self::Expired
            | Self::Revoked => true,
            Self::Opened
            | Self::Linked
            | Self::Voted
            | Self::Disagreed
            | Self::Flagged
            | Self::RevocationProposed => false,
        }
    }
}

/// Why a command was refused. The claim is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The claim is in a state that the command does not take.
    State(ClaimState),
    /// The reviewer is the applicant.
    OwnClaim,
    /// Another reviewer has the claim until this time.
    Leased(DateTime<Utc>),
    /// The reviewer has voted this already, and another one is needed.
    AlreadyVoted,
    /// The applicant still has time to answer.
    NotExpired,
}

/// What a command did to a claim: the claim after it, and what happened, in order.
pub type Applied = (Claim, Vec<EventKind>);

/// A claim of an account on a record: what its rules depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The claim's id.
    pub id: ClaimId,
    /// The applicant.
    pub user_id: UserId,
    /// The state.
    pub state: ClaimState,
    /// The record: of the code, or as a reviewer noted it.
    pub record_id: Option<RecordId>,
    /// What verified it.
    pub method: Option<Method>,
    /// Whether two reviewers must agree.
    pub needs_second: bool,
    /// Time of the first submission.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When the office should have decided.
    pub due_at: Option<DateTime<Utc>>,
    /// When the clock stopped; `None` while it runs.
    pub clock_stopped_at: Option<DateTime<Utc>>,
    /// Who works on it.
    pub lease: Option<Lease>,
    /// Time of the decision.
    pub decided_at: Option<DateTime<Utc>>,
    /// When the owner of the mailbox on record last said that they asked for no code.
    pub flagged_at: Option<DateTime<Utc>>,
    /// The reviewers' votes.
    pub votes: Vec<Vote>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change.
    pub last_modified: DateTime<Utc>,
}

impl Claim {
    /// A new draft.
    pub fn draft(id: ClaimId, user_id: UserId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            user_id,
            state: ClaimState::Draft,
            record_id: None,
            method: None,
            needs_second: false,
            submitted_at: None,
            due_at: None,
            clock_stopped_at: None,
            lease: None,
            decided_at: None,
            flagged_at: None,
            votes: Vec::new(),
            created_at: now,
            last_modified: now,
        }
    }

    /// Whether the office is late.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, ClaimState::Submitted | ClaimState::InReview)
            && self.due_at.is_some_and(|due| due < now)
    }

    /// The row of the table for a command in the state of the claim.
    ///
    /// # Errors
    /// [`Refusal::State`] if the state does not take the command.
    pub fn require(&self, command: CommandKind) -> Result<&'static Transition, Refusal> {
        TRANSITIONS
            .iter()
            .find(|row| row.command == command && row.from.contains(&self.state))
            .ok_or(Refusal::State(self.state))
    }

    /// Applies a command: the claim after it, and what happened.
    ///
    /// # Errors
    /// Why the command is refused.
    pub fn apply(
        &self,
        command: &Command,
        now: DateTime<Utc>,
        calendar: &Calendar,
    ) -> Result<Applied, Refusal> {
        let transition = self.require(command.kind())?;
        if let Some(reviewer) = command.reviewer() {
            self.require_reviewer(reviewer, now)?;
        }
        let mut next = self.clone();
        let event = next.change(command, now, calendar)?;
        debug_assert!(transition.to.contains(&next.state));
        if !next.state.is_open() {
            next.lease = None;
        }
        next.last_modified = now;
        Ok((next, vec![event]))
    }

    fn require_reviewer(&self, reviewer: UserId, now: DateTime<Utc>) -> Result<(), Refusal> {
        if reviewer == self.user_id {
            return Err(Refusal::OwnClaim);
        }
        match self.lease {
            Some(lease) if lease.reviewer != reviewer && now < lease.until => {
                Err(Refusal::Leased(lease.until))
            }
            _ => Ok(()),
        }
    }

    fn change(
        &mut self,
        command: &Command,
        now: DateTime<Utc>,
        calendar: &Calendar,
    ) -> Result<EventKind, Refusal> {
        Ok(match command {
            Command::Change => {
                self.votes
                    .retain(|vote| vote.verdict.subject() != Subject::Claim);
                EventKind::Changed
            }
            Command::Attach => EventKind::EvidenceAdded,
            Command::Submit => {
                self.state = match self.state {
                    ClaimState::NeedsInfo => ClaimState::InReview,
                    _ => ClaimState::Submitted,
                };
                self.run_clock(now, calendar);
                EventKind::Submitted
            }
            Command::Prove(proof) => self.prove(proof, now, calendar),
            Command::Open { reviewer } => {
                self.state = ClaimState::InReview;
                self.take_lease(*reviewer, now);
                EventKind::Opened
            }
            Command::RequestInfo(_) => {
                self.state = ClaimState::NeedsInfo;
                self.clock_stopped_at = Some(now);
                self.lease = None;
                EventKind::InfoRequested
            }
            Command::Answer(_) => {
                if self.state == ClaimState::NeedsInfo {
                    self.state = ClaimState::InReview;
                    self.run_clock(now, calendar);
                }
                EventKind::Answered
            }
            Command::Link { reviewer, record } => {
                self.record_id = Some(*record);
                self.take_lease(*reviewer, now);
                EventKind::Linked
            }
            Command::Approve {
                reviewer,
                record,
                needs_second,
            } => {
                self.needs_second |= needs_second;
                self.approve(*reviewer, *record, now)?
            }
            Command::Reject(decision) => self.reject(decision.reviewer, now)?,
            Command::Withdraw => {
                self.decide(ClaimState::Withdrawn, now);
                EventKind::Withdrawn
            }
            Command::Expire => {
                let asked_at = self.clock_stopped_at.unwrap_or(self.last_modified);
                if now < asked_at + NEEDS_INFO_LIFETIME {
                    return Err(Refusal::NotExpired);
                }
                self.decide(ClaimState::Withdrawn, now);
                EventKind::Expired
            }
            Command::Flag => {
                self.flagged_at = Some(now);
                self.needs_second |= self.state.is_open();
                EventKind::Flagged
            }
            Command::Revoke(decision) => self.revoke(decision.reviewer, now)?,
        })
    }

    fn prove(&mut self, proof: &Proof, now: DateTime<Utc>, calendar: &Calendar) -> EventKind {
        self.run_clock(now, calendar);
        self.record_id = Some(proof.record);
        if proof.fits {
            self.method = Some(proof.method);
            self.decide(ClaimState::Verified, now);
            return EventKind::Verified;
        }
        self.state = ClaimState::InReview;
        self.needs_second = true;
        EventKind::ProofUnderReview
    }

    fn approve(
        &mut self,
        reviewer: UserId,
        record: RecordId,
        now: DateTime<Utc>,
    ) -> Result<EventKind, Refusal> {
        let verdict = Verdict::Approve(record);
        let is_new = self.vote(reviewer, verdict);
        let agreeing = self.votes_for(verdict);
        let opposed = self.votes_on(Subject::Claim) > agreeing;
        let needed = if self.needs_second || opposed { 2 } else { 1 };
        if agreeing >= needed {
            self.record_id = Some(record);
            self.method = Some(Method::Review);
            self.decide(ClaimState::Verified, now);
            return Ok(EventKind::Verified);
        }
        self.undecided(is_new, opposed)
    }

    fn reject(&mut self, reviewer: UserId, now: DateTime<Utc>) -> Result<EventKind, Refusal> {
        let is_new = self.vote(reviewer, Verdict::Reject);
        let agreeing = self.votes_for(Verdict::Reject);
        let opposed = self.votes_on(Subject::Claim) > agreeing;
        if agreeing >= if opposed { 2 } else { 1 } {
            self.decide(ClaimState::Rejected, now);
            return Ok(EventKind::Rejected);
        }
        self.undecided(is_new, opposed)
    }

    fn revoke(&mut self, reviewer: UserId, now: DateTime<Utc>) -> Result<EventKind, Refusal> {
        let is_new = self.vote(reviewer, Verdict::Revoke);
        if self.votes_for(Verdict::Revoke) >= 2 {
            self.decide(ClaimState::Revoked, now);
            return Ok(EventKind::Revoked);
        }
        match is_new {
            true => Ok(EventKind::RevocationProposed),
            false => Err(Refusal::AlreadyVoted),
        }
    }

    /// The vote leaves the claim open, for another reviewer.
    fn undecided(&mut self, is_new: bool, opposed: bool) -> Result<EventKind, Refusal> {
        if !is_new {
            return Err(Refusal::AlreadyVoted);
        }
        self.lease = None;
        Ok(match opposed {
            true => EventKind::Disagreed,
            false => EventKind::Voted,
        })
    }

    /// Sets the reviewer's vote; false if it is the same as before.
    fn vote(&mut self, reviewer: UserId, verdict: Verdict) -> bool {
        let vote = Vote { reviewer, verdict };
        if self.votes.contains(&vote) {
            return false;
        }
        let subject = verdict.subject();
        self.votes
            .retain(|old| old.reviewer != reviewer || old.verdict.subject() != subject);
        self.votes.push(vote);
        true
    }

    fn votes_for(&self, verdict: Verdict) -> usize {
        let votes = self.votes.iter();
        votes.filter(|vote| vote.verdict == verdict).count()
    }

    fn votes_on(&self, subject: Subject) -> usize {
        let votes = self.votes.iter();
        votes
            .filter(|vote| vote.verdict.subject() == subject)
            .count()
    }

    fn take_lease(&mut self, reviewer: UserId, now: DateTime<Utc>) {
        self.lease = Some(Lease {
            reviewer,
            until: now + REVIEW_LEASE,
        });
    }

    fn decide(&mut self, state: ClaimState, now: DateTime<Utc>) {
        self.state = state;
        self.decided_at = Some(now);
        self.clock_stopped_at = None;
    }

    /// Starts the clock, or lets it go on with the working time that was left when it stopped.
    fn run_clock(&mut self, now: DateTime<Utc>, calendar: &Calendar) {
        self.submitted_at.get_or_insert(now);
        let due = match (self.due_at, self.clock_stopped_at.take()) {
            (Some(due), Some(stopped)) if stopped < due => {
                calendar.after(now, calendar.between(stopped, due))
            }
            (Some(due), _) => due,
            (None, _) => calendar.after_days(now, REVIEW_DAYS),
        };
        self.due_at = Some(due);
    }
}
