//! Model-based test: random commands against a reference model that knows counts and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{ClaimId, RecordId, UserId};

const APPLICANT: u128 = 1;

fn user(n: u128) -> UserId {
    UserId::new(Uuid::from_u128(n))
}

fn record(n: u128) -> RecordId {
    RecordId::new(Uuid::from_u128(100 + n))
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn message() -> ClaimMessage {
    ClaimMessage::parse("Please look again.").unwrap()
}

fn decision(reviewer: u128) -> Decision {
    Decision {
        reviewer: user(reviewer),
        reason: ReasonCode::Other,
        message: Some(message()),
    }
}

fn command() -> impl Strategy<Value = Command> {
    // Reviewer 1 is the applicant.
    let reviewer = 1_u128..6;
    let with_record = (reviewer.clone(), 0_u128..2);
    prop_oneof![
        2 => Just(Command::Change),
        1 => Just(Command::Attach),
        3 => Just(Command::Submit),
        1 => (any::<bool>(), 0_u128..2).prop_map(|(fits, n)| Command::Prove(Proof {
            method: Method::Code,
            record: record(n),
            fits,
        })),
        3 => reviewer.clone().prop_map(|n| Command::Open { reviewer: user(n) }),
        1 => reviewer.clone().prop_map(|n| Command::RequestInfo(decision(n))),
        2 => Just(Command::Answer(message())),
        1 => with_record.clone().prop_map(|(n, r)| Command::Link { reviewer: user(n), record: record(r) }),
        4 => (with_record, any::<bool>()).prop_map(|((n, r), needs_second)| Command::Approve {
            reviewer: user(n),
            record: record(r),
            needs_second,
        }),
        3 => reviewer.clone().prop_map(|n| Command::Reject(decision(n))),
        1 => Just(Command::Withdraw),
        1 => Just(Command::Expire),
        1 => Just(Command::Flag),
        3 => reviewer.prop_map(|n| Command::Revoke(decision(n))),
    ]
}

/// The rules in the words of the handbook: sets of names, and one long `match`.
#[derive(Debug)]
struct Model {
    state: &'static str,
    two: bool,
    approvals: BTreeMap<UserId, RecordId>,
    rejections: BTreeSet<UserId>,
    revocations: BTreeSet<UserId>,
    held_by: Option<(UserId, DateTime<Utc>)>,
    asked_at: DateTime<Utc>,
}

impl Model {
    fn new() -> Self {
        Self {
            state: "draft",
            two: false,
            approvals: BTreeMap::new(),
            rejections: BTreeSet::new(),
            revocations: BTreeSet::new(),
            held_by: None,
            asked_at: start(),
        }
    }

    fn may_review(&self, reviewer: UserId, now: DateTime<Utc>) -> bool {
        let free = self
            .held_by
            .is_none_or(|(holder, until)| holder == reviewer || until <= now);
        reviewer != user(APPLICANT) && free
    }

    /// True if the command is accepted.
    fn obey(&mut self, command: &Command, now: DateTime<Utc>) -> bool {
        if let Some(reviewer) = command.reviewer()
            && !self.may_review(reviewer, now)
        {
            return false;
        }
        let accepted = self.change(command, now);
        if !["draft", "submitted", "in_review", "needs_info"].contains(&self.state) {
            self.held_by = None;
        }
        accepted
    }

    fn change(&mut self, command: &Command, now: DateTime<Utc>) -> bool {
        match (self.state, command) {
            ("draft" | "needs_info", Command::Change) => {
                self.approvals.clear();
                self.rejections.clear();
            }
            ("draft" | "submitted" | "in_review" | "needs_info", Command::Attach) => {}
            ("draft", Command::Submit) => self.state = "submitted",
            ("needs_info", Command::Submit | Command::Answer(_)) => self.state = "in_review",
            ("submitted" | "in_review", Command::Answer(_)) => {}
            ("draft" | "submitted" | "in_review" | "needs_info", Command::Prove(proof)) => {
                if proof.fits {
                    self.state = "verified";
                } else {
                    self.state = "in_review";
                    self.two = true;
                }
            }
            ("draft" | "submitted" | "in_review" | "needs_info", Command::Withdraw) => {
                self.state = "withdrawn";
            }
            ("submitted" | "in_review", Command::Open { reviewer }) => {
                self.state = "in_review";
                self.held_by = Some((*reviewer, now + TimeDelta::minutes(15)));
            }
            ("in_review", Command::Link { reviewer, .. }) => {
                self.held_by = Some((*reviewer, now + TimeDelta::minutes(15)));
            }
            ("in_review", Command::RequestInfo(_)) => {
                self.state = "needs_info";
                self.asked_at = now;
                self.held_by = None;
            }
            ("needs_info", Command::Expire) => {
                if now - self.asked_at < TimeDelta::days(30) {
                    return false;
                }
                self.state = "withdrawn";
            }
            ("draft" | "submitted" | "in_review" | "needs_info", Command::Flag) => self.two = true,
            ("verified", Command::Flag) => {}
            (
                "in_review",
                Command::Approve {
                    reviewer,
                    record,
                    needs_second,
                },
            ) => return self.approve(*reviewer, *record, *needs_second),
            ("in_review", Command::Reject(decision)) => return self.reject(decision.reviewer),
            ("verified", Command::Revoke(decision)) => {
                let is_new = self.revocations.insert(decision.reviewer);
                if self.revocations.len() == 2 {
                    self.state = "revoked";
                }
                return is_new;
            }
            _ => return false,
        }
        true
    }

    fn approve(&mut self, reviewer: UserId, record: RecordId, needs_second: bool) -> bool {
        let before = self.approvals.insert(reviewer, record);
        let was_rejecting = self.rejections.remove(&reviewer);
        let agree = self.approvals.values().filter(|r| **r == record).count();
        let others = self.approvals.len() - agree + self.rejections.len();
        let two = self.two || needs_second;
        if agree >= 2 || (agree == 1 && !two && others == 0) {
            self.two = two;
            self.state = "verified";
            return true;
        }
        if before == Some(record) && !was_rejecting {
            return false;
        }
        self.two = two;
        self.held_by = None;
        true
    }

    fn reject(&mut self, reviewer: UserId) -> bool {
        let is_new = self.rejections.insert(reviewer);
        self.approvals.remove(&reviewer);
        if self.rejections.len() >= 2 || self.approvals.is_empty() {
            self.state = "rejected";
            return true;
        }
        self.held_by = None;
        is_new
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_machine_obeys_as_the_model_does(
        steps in prop::collection::vec((command(), 0_i64..2_000_000), 1..30),
    ) {
        let calendar = Calendar::default();
        let mut claim = Claim::draft(ClaimId::new(Uuid::nil()), user(APPLICANT), start());
        let mut model = Model::new();
        let mut now = start();
        for (command, seconds) in steps {
            // Leases and deadlines end in some of the gaps.
            now += TimeDelta::seconds(if seconds % 3 == 0 { seconds } else { seconds % 600 });
            let before = claim.clone();
            match claim.apply(&command, now, &calendar) {
                Ok((after, events)) => {
                    prop_assert!(model.obey(&command, now), "{command:?} in {model:?}");
                    prop_assert_eq!(events.len(), 1);
                    check(&before, &after, &command)?;
                    claim = after;
                }
                Err(_) => {
                    let state = model.state;
                    prop_assert!(!model.obey(&command, now), "{command:?} in {model:?}");
                    prop_assert_eq!(model.state, state);
                }
            }
            prop_assert_eq!(claim.state.name(), model.state);
            prop_assert_eq!(claim.needs_second, model.two);
        }
    }
}

/// What holds of every accepted command.
fn check(before: &Claim, after: &Claim, command: &Command) -> Result<(), TestCaseError> {
    prop_assert!(TRANSITIONS.iter().any(|row| row.command == command.kind()
        && row.from.contains(&before.state)
        && row.to.contains(&after.state)));
    let decided = !after.state.is_open();
    prop_assert_eq!(after.decided_at.is_some(), decided);
    prop_assert!(!decided || after.lease.is_none());
    prop_assert_eq!(
        after.clock_stopped_at.is_some(),
        after.state == ClaimState::NeedsInfo
    );
    if matches!(after.state, ClaimState::Submitted | ClaimState::InReview) {
        prop_assert!(after.due_at.is_some() && after.submitted_at.is_some());
    }
    if after.state == ClaimState::Verified {
        prop_assert!(after.record_id.is_some() && after.method.is_some());
    }
    // No reviewer decides alone where two are needed.
    let by_review = after.method == Some(Method::Review) && after.needs_second;
    if after.state == ClaimState::Verified && before.state.is_open() && by_review {
        let agreeing = after
            .votes
            .iter()
            .filter(|vote| Some(vote.verdict) == after.record_id.map(Verdict::Approve));
        prop_assert!(agreeing.count() >= 2);
    }
    Ok(())
}

#[test]
fn every_command_has_one_row_in_the_table() {
    let kinds: Vec<CommandKind> = TRANSITIONS.iter().map(|row| row.command).collect();
    let distinct: BTreeSet<CommandKind> = kinds.iter().copied().collect();
    assert_eq!(kinds.len(), distinct.len());
    assert_eq!(kinds.len(), CommandKind::ALL.len());
}

#[test]
fn an_answer_lets_the_clock_go_on_with_what_was_left() {
    let calendar = Calendar::default();
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let apply =
        |claim: &Claim, command: Command, now| claim.apply(&command, now, &calendar).unwrap().0;
    let monday = at("2026-11-30T09:00:00+01:00");
    let claim = Claim::draft(ClaimId::new(Uuid::nil()), user(APPLICANT), monday);
    let claim = apply(&claim, Command::Submit, monday);
    assert_eq!(claim.due_at, Some(at("2026-12-03T09:00:00+01:00")));
    let tuesday = at("2026-12-01T09:00:00+01:00");
    let claim = apply(&claim, Command::Open { reviewer: user(2) }, tuesday);
    let claim = apply(&claim, Command::RequestInfo(decision(2)), tuesday);
    assert!(!claim.is_overdue(at("2026-12-20T09:00:00+01:00")));
    // Two days were left, and Saturday and Sunday do not count.
    let friday = at("2026-12-11T17:00:00+01:00");
    let claim = apply(&claim, Command::Answer(message()), friday);
    assert_eq!(claim.due_at, Some(at("2026-12-15T17:00:00+01:00")));
    assert!(claim.is_overdue(at("2026-12-15T17:00:01+01:00")));
}

#[test]
fn a_disagreement_waits_for_a_third_reviewer() {
    let calendar = Calendar::default();
    let approve = |n| Command::Approve {
        reviewer: user(n),
        record: record(0),
        needs_second: true,
    };
    let mut claim = Claim::draft(ClaimId::new(Uuid::nil()), user(APPLICANT), start());
    let mut seen = Vec::new();
    for command in [
        Command::Submit,
        Command::Open { reviewer: user(2) },
        approve(2),
        Command::Reject(decision(3)),
        approve(4),
    ] {
        let (after, events) = claim.apply(&command, start(), &calendar).unwrap();
        seen.extend(events.iter().map(|event| event.name()));
        claim = after;
    }
    assert_eq!(
        seen,
        ["submitted", "opened", "voted", "disagreed", "verified"]
    );
    assert_eq!(claim.votes.len(), 3);
}
