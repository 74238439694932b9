//! Rows of claims, and their domain forms.

use abu_application::{
    alumni::ports::{ClaimEvent, ClaimRecord},
    platform::ports::StoreError,
};
use abu_domain::{
    RecordId,
    alumni::claims::{
        Claim, ClaimMessage, ClaimState, ClaimedAward, EventKind, Lease, Method, ReasonCode,
        Verdict, Vote,
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::BadRow,
    schema::{claim_decisions, claim_events, claims},
    sql::sql,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = claims, check_for_backend(Pg))]
pub(super) struct ClaimRow {
    pub(super) id: Uuid,
    user_id: Uuid,
    state: String,
    awards: Value,
    names: Vec<Option<String>>,
    list_me: bool,
    record_id: Option<Uuid>,
    method: Option<String>,
    needs_second: bool,
    submitted_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    clock_stopped_at: Option<DateTime<Utc>>,
    assigned_to: Option<Uuid>,
    assigned_until: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    flagged_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = claim_decisions, check_for_backend(Pg))]
pub(super) struct VoteRow {
    claim_id: Uuid,
    reviewer_id: Uuid,
    verdict: String,
    record_id: Option<Uuid>,
}

impl VoteRow {
    fn vote(&self) -> Result<Vote, BadRow> {
        let verdict = match (self.verdict.as_str(), self.record_id) {
            ("approve", Some(record)) => Verdict::Approve(record.into()),
            ("reject", None) => Verdict::Reject,
            ("revoke", None) => Verdict::Revoke,
            _ => {
                return Err(BadRow {
                    column: "claim_decisions.verdict",
                    id: self.claim_id,
                });
            }
        };
        Ok(Vote {
            reviewer: self.reviewer_id.into(),
            verdict,
        })
    }
}

impl ClaimRow {
    /// `votes` may hold those of other claims.
    pub(super) fn into_record(self, votes: &[VoteRow]) -> Result<ClaimRecord, BadRow> {
        let bad = |column| BadRow {
            column,
            id: self.id,
        };
        let votes = votes.iter().filter(|vote| vote.claim_id == self.id);
        let method = self
            .method
            .as_deref()
            .map(|name| Method::from_name(name).ok_or(bad("claims.method")));
        let lease = self.assigned_to.zip(self.assigned_until);
        let claim = Claim {
            id: self.id.into(),
            user_id: self.user_id.into(),
            state: ClaimState::from_name(&self.state).ok_or(bad("claims.state"))?,
            record_id: self.record_id.map(RecordId::new),
            method: method.transpose()?,
            needs_second: self.needs_second,
            submitted_at: self.submitted_at,
            due_at: self.due_at,
            clock_stopped_at: self.clock_stopped_at,
            lease: lease.map(|(reviewer, until)| Lease {
                reviewer: reviewer.into(),
                until,
            }),
            decided_at: self.decided_at,
            flagged_at: self.flagged_at,
            votes: votes.map(VoteRow::vote).collect::<Result<_, _>>()?,
            created_at: self.created_at,
            last_modified: self.last_modified,
        };
        let awards: Vec<ClaimedAward> =
            serde_json::from_value(self.awards).map_err(|_| bad("claims.awards"))?;
        Ok(ClaimRecord {
            claim,
            awards,
            names: self.names.into_iter().flatten().collect(),
            list_me: self.list_me,
        })
    }
}

pub(super) fn awards_json(awards: &[ClaimedAward]) -> Result<Value, StoreError> {
    serde_json::to_value(awards).map_err(|error| StoreError::Other(error.into()))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = claim_events, check_for_backend(Pg))]
pub(super) struct EventRow {
    id: Uuid,
    claim_id: Uuid,
    at: DateTime<Utc>,
    actor_id: Option<Uuid>,
    kind: String,
    reason_code: Option<String>,
    message: Option<String>,
}

impl TryFrom<EventRow> for ClaimEvent {
    type Error = BadRow;

    fn try_from(row: EventRow) -> Result<Self, BadRow> {
        let bad = |column| BadRow { column, id: row.id };
        let reason = row
            .reason_code
            .as_deref()
            .map(|name| ReasonCode::from_name(name).ok_or(bad("claim_events.reason_code")));
        Ok(Self {
            id: row.id,
            claim: row.claim_id.into(),
            at: row.at,
            actor: row.actor_id.map(Into::into),
            kind: EventKind::from_name(&row.kind).ok_or(bad("claim_events.kind"))?,
            reason: reason.transpose()?,
            message: row.message.map(ClaimMessage::from_storage),
        })
    }
}

/// Stores votes that are new or changed, by one statement, and deletes those that count no more.
pub(super) fn save_votes(connection: &mut PgConnection, claim: &Claim) -> QueryResult<()> {
    delete_other_votes(connection, claim)?;
    if claim.votes.is_empty() {
        return Ok(());
    }
    let votes = || claim.votes.iter();
    let subjects: Vec<&str> = votes().map(|vote| vote.verdict.subject().name()).collect();
    let reviewers: Vec<Uuid> = votes().map(|vote| vote.reviewer.uuid()).collect();
    let (verdicts, records): (Vec<&str>, Vec<Option<Uuid>>) = votes()
        .map(|vote| match vote.verdict {
            Verdict::Approve(record) => ("approve", Some(record.uuid())),
            Verdict::Reject => ("reject", None),
            Verdict::Revoke => ("revoke", None),
        })
        .unzip();
    sql::<SqlUuid>(
        "INSERT INTO claim_decisions AS known
             (claim_id, subject, reviewer_id, verdict, record_id, at)
         SELECT ?, subject, reviewer, verdict, record, ?
         FROM unnest(?, ?, ?, ?) AS vote (subject, reviewer, verdict, record)
         ON CONFLICT (claim_id, subject, reviewer_id)
         DO UPDATE SET verdict = excluded.verdict, record_id = excluded.record_id, at = excluded.at
         WHERE (known.verdict, known.record_id) IS DISTINCT FROM (excluded.verdict, excluded.record_id)",
    )
    .bind::<SqlUuid, _>(claim.id.uuid())
    .bind::<Timestamptz, _>(claim.last_modified)
    .bind::<Array<Text>, _>(subjects)
    .bind::<Array<SqlUuid>, _>(reviewers)
    .bind::<Array<Text>, _>(verdicts)
    .bind::<Array<Nullable<SqlUuid>>, _>(records)
    .execute(connection)?;
    Ok(())
}

fn delete_other_votes(connection: &mut PgConnection, claim: &Claim) -> QueryResult<()> {
    let votes = || claim.votes.iter();
    let subjects: Vec<&str> = votes().map(|vote| vote.verdict.subject().name()).collect();
    let reviewers: Vec<Uuid> = votes().map(|vote| vote.reviewer.uuid()).collect();
    sql::<()>(
        "DELETE FROM claim_decisions WHERE claim_id = ?
           AND (subject, reviewer_id) NOT IN (SELECT * FROM unnest(?, ?))",
    )
    .bind::<SqlUuid, _>(claim.id.uuid())
    .bind::<Array<Text>, _>(subjects)
    .bind::<Array<SqlUuid>, _>(reviewers)
    .execute(connection)?;
    Ok(())
}

/// Arrays of the schema may hold nulls.
pub(super) fn nullable(texts: &[String]) -> Vec<Option<&str>> {
    texts.iter().map(|text| Some(text.as_str())).collect()
}
