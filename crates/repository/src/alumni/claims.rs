//! Claims, the codes that prove them, and what of the register they need.

mod codes;
mod queue;
mod register;
mod rows;

use abu_application::{
    alumni::ports::{
        AskedCodes, CandidateQuery, ClaimEvent, ClaimFilter, ClaimReads, ClaimRecord, ClaimWrites,
        DuePosition, KnownCode, MailboxInvitation, QueuedClaim, RecordFacts, RecordInvitation,
    },
    identity::ports::TokenHash,
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    ClaimId, RecordId, RecordInvitationId, UserId,
    alumni::claims::{Claim, ClaimCodeHash},
};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use self::rows::{ClaimRow, EventRow, VoteRow};
use crate::{
    error::BadRow,
    lists::{in_list_order, newest_first, total},
    schema::{claim_decisions, claim_events, claims, holidays, invitations, mailbox_suppressions},
    sql::sql,
    store::Session,
};

/// More holidays than the office enters for a decade.
const MAX_HOLIDAYS: i64 = 1_000;

impl Session<'_> {
    /// The claims of these rows with their votes, by one query.
    fn with_votes(&mut self, rows: Vec<ClaimRow>) -> Result<Vec<ClaimRecord>, StoreError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let votes: Vec<VoteRow> = match ids.is_empty() {
            true => Vec::new(),
            false => self.run(|connection| {
                Ok(claim_decisions::table
                    .filter(claim_decisions::claim_id.eq_any(ids))
                    .order((claim_decisions::at, claim_decisions::reviewer_id))
                    .select(VoteRow::as_select())
                    .load(connection)?)
            })?,
        };
        let records = rows.into_iter().map(|row| row.into_record(&votes));
        self.run(|_connection| Ok(records.collect::<Result<Vec<_>, BadRow>>()?))
    }

    fn one_with_votes(&mut self, row: Option<ClaimRow>) -> Result<Option<ClaimRecord>, StoreError> {
        let rows = row.into_iter().collect();
        Ok(self.with_votes(rows)?.pop())
    }
}

impl ClaimReads for Session<'_> {
    fn claim(&mut self, id: ClaimId) -> Result<Option<ClaimRecord>, StoreError> {
        let row = self.run(|connection| {
            Ok(claims::table
                .find(id.uuid())
                .select(ClaimRow::as_select())
                .first(connection)
                .optional()?)
        })?;
        self.one_with_votes(row)
    }

    fn open_claim(&mut self, user: UserId) -> Result<Option<ClaimId>, StoreError> {
        self.run(|connection| {
            // The states are literals, so that any plan may use the partial index.
            let id: Option<Uuid> = sql::<SqlUuid>(
                "SELECT id FROM claims
                 WHERE user_id = ? AND state IN ('draft', 'submitted', 'in_review', 'needs_info')",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .get_result(connection)
            .optional()?;
            Ok(id.map(ClaimId::new))
        })
    }

    fn claims_of(
        &mut self,
        user: UserId,
        seek: Seek<TimePosition<ClaimId>>,
        limit: u32,
    ) -> Result<Vec<ClaimRecord>, StoreError> {
        let rows: Vec<ClaimRow> = self.run(|connection| {
            let own = claims::table
                .filter(claims::user_id.eq(user.uuid()))
                .into_boxed();
            let rows = newest_first!(own, seek, claims::created_at, claims::id)
                .limit(limit.into())
                .select(ClaimRow::as_select())
                .load(connection)?;
            Ok(in_list_order(seek.is_backward(), rows))
        })?;
        self.with_votes(rows)
    }

    fn count_claims_of(&mut self, user: UserId) -> Result<Total, StoreError> {
        self.run(|connection| {
            let own = claims::table
                .filter(claims::user_id.eq(user.uuid()))
                .select(claims::id);
            Ok(total(connection, own)?)
        })
    }

    fn claim_events(
        &mut self,
        claim: ClaimId,
        for_applicant: bool,
        limit: u32,
    ) -> Result<Vec<ClaimEvent>, StoreError> {
        self.run(|connection| {
            let mut events = claim_events::table
                .filter(claim_events::claim_id.eq(claim.uuid()))
                .into_boxed();
            if for_applicant {
                events = events.filter(claim_events::visible_to_applicant);
            }
            let rows: Vec<EventRow> = events
                .order(claim_events::id.desc())
                .limit(limit.into())
                .select(EventRow::as_select())
                .load(connection)?;
            let events = rows.into_iter().rev().map(ClaimEvent::try_from);
            Ok(events.collect::<Result<_, _>>()?)
        })
    }

    fn list_queue(
        &mut self,
        filter: &ClaimFilter,
        seek: Seek<DuePosition>,
        limit: u32,
    ) -> Result<Vec<QueuedClaim>, StoreError> {
        let rows = self.run(|connection| Ok(queue::page(connection, filter, &seek, limit)?))?;
        let queued = self.with_votes(rows)?.into_iter().filter_map(|record| {
            let due_at = record.claim.due_at?;
            Some(QueuedClaim { record, due_at })
        });
        Ok(queued.collect())
    }

    fn count_queue(&mut self, filter: &ClaimFilter) -> Result<Total, StoreError> {
        self.run(|connection| {
            Ok(total(
                connection,
                queue::filtered(filter).select(claims::id),
            )?)
        })
    }

    fn overdue_claims(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.run(|connection| {
            let count: i64 = sql::<BigInt>(
                "SELECT count(*) FROM claims
                 WHERE due_at < ? AND due_at IS NOT NULL AND state IN ('submitted', 'in_review')",
            )
            .bind::<Timestamptz, _>(now)
            .get_result(connection)?;
            Ok(count.unsigned_abs())
        })
    }

    fn unanswered_claims(
        &mut self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ClaimId>, StoreError> {
        self.run(|connection| {
            let ids: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT id FROM claims WHERE state = 'needs_info' AND clock_stopped_at <= ?
                 ORDER BY clock_stopped_at, id LIMIT ?",
            )
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            Ok(ids.into_iter().map(ClaimId::new).collect())
        })
    }

    fn holidays(&mut self, from: NaiveDate) -> Result<Vec<NaiveDate>, StoreError> {
        self.run(|connection| {
            Ok(holidays::table
                .filter(holidays::day.ge(from))
                .order(holidays::day)
                .limit(MAX_HOLIDAYS)
                .select(holidays::day)
                .load(connection)?)
        })
    }

    fn known_codes(&mut self, asked: &AskedCodes) -> Result<Vec<KnownCode>, StoreError> {
        self.run(|connection| Ok(register::known_codes(connection, asked)?))
    }

    fn record_facts(&mut self, ids: &[RecordId]) -> Result<Vec<RecordFacts>, StoreError> {
        match ids {
            [] => Ok(Vec::new()),
            ids => self.run(|connection| Ok(register::facts(connection, ids)?)),
        }
    }

    fn candidates(
        &mut self,
        query: &CandidateQuery,
        limit: u32,
    ) -> Result<Vec<RecordId>, StoreError> {
        self.run(|connection| Ok(register::candidates(connection, query, limit)?))
    }

    fn invitation_by_code(
        &mut self,
        hashes: &[ClaimCodeHash],
    ) -> Result<Option<RecordInvitation>, StoreError> {
        self.run(|connection| Ok(codes::by_code(connection, hashes)?))
    }

    fn invitation_by_disown_token(
        &mut self,
        hash: &TokenHash,
    ) -> Result<Option<RecordInvitation>, StoreError> {
        self.run(|connection| Ok(codes::by_disown_token(connection, hash)?))
    }

    fn mailbox_mails(&mut self, record: RecordId, since: DateTime<Utc>) -> Result<u64, StoreError> {
        self.run(|connection| {
            let count: i64 = invitations::table
                .filter(invitations::record_id.eq(record.uuid()))
                .filter(invitations::created_at.gt(since))
                .filter(invitations::claim_id.is_not_null())
                .count()
                .get_result(connection)?;
            Ok(count.unsigned_abs())
        })
    }

    fn is_mailbox_suppressed(
        &mut self,
        record: RecordId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let suppressed = mailbox_suppressions::table
                .find(record.uuid())
                .filter(mailbox_suppressions::until.gt(now));
            Ok(diesel::select(diesel::dsl::exists(suppressed)).get_result(connection)?)
        })
    }
}

impl ClaimWrites for Session<'_> {
    fn insert_claim(
        &mut self,
        record: &ClaimRecord,
        faculties: &[String],
    ) -> Result<(), StoreError> {
        let awards = rows::awards_json(&record.awards)?;
        let claim = &record.claim;
        self.run(|connection| {
            diesel::insert_into(claims::table)
                .values((
                    claims::id.eq(claim.id.uuid()),
                    claims::user_id.eq(claim.user_id.uuid()),
                    claims::state.eq(claim.state.name()),
                    claims::awards.eq(awards),
                    claims::names.eq(rows::nullable(&record.names)),
                    claims::faculties.eq(rows::nullable(faculties)),
                    claims::list_me.eq(record.list_me),
                    claims::created_at.eq(claim.created_at),
                    claims::last_modified.eq(claim.last_modified),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn save_claim_contents(
        &mut self,
        record: &ClaimRecord,
        faculties: &[String],
    ) -> Result<(), StoreError> {
        let awards = rows::awards_json(&record.awards)?;
        self.run(|connection| {
            diesel::update(claims::table.find(record.claim.id.uuid()))
                .set((
                    claims::awards.eq(awards),
                    claims::names.eq(rows::nullable(&record.names)),
                    claims::faculties.eq(rows::nullable(faculties)),
                    claims::list_me.eq(record.list_me),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn lock_claim(&mut self, id: ClaimId) -> Result<Option<ClaimRecord>, StoreError> {
        let row = self.run(|connection| {
            Ok(claims::table
                .find(id.uuid())
                .select(ClaimRow::as_select())
                .for_update()
                .first(connection)
                .optional()?)
        })?;
        self.one_with_votes(row)
    }

    fn save_claim(&mut self, claim: &Claim) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(claims::table.find(claim.id.uuid()))
                .set((
                    claims::state.eq(claim.state.name()),
                    claims::record_id.eq(claim.record_id.map(RecordId::uuid)),
                    claims::method.eq(claim.method.map(|method| method.name())),
                    claims::needs_second.eq(claim.needs_second),
                    claims::submitted_at.eq(claim.submitted_at),
                    claims::due_at.eq(claim.due_at),
                    claims::clock_stopped_at.eq(claim.clock_stopped_at),
                    claims::assigned_to.eq(claim.lease.map(|lease| lease.reviewer.uuid())),
                    claims::assigned_until.eq(claim.lease.map(|lease| lease.until)),
                    claims::decided_at.eq(claim.decided_at),
                    claims::flagged_at.eq(claim.flagged_at),
                    claims::last_modified.eq(claim.last_modified),
                ))
                .execute(connection)?;
            rows::save_votes(connection, claim)?;
            Ok(())
        })
    }

    fn insert_claim_event(&mut self, event: &ClaimEvent) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(claim_events::table)
                .values((
                    claim_events::id.eq(event.id),
                    claim_events::claim_id.eq(event.claim.uuid()),
                    claim_events::at.eq(event.at),
                    claim_events::actor_id.eq(event.actor.map(UserId::uuid)),
                    claim_events::kind.eq(event.kind.name()),
                    claim_events::reason_code.eq(event.reason.map(|reason| reason.name())),
                    claim_events::message.eq(event.message.as_ref().map(|text| text.as_str())),
                    claim_events::visible_to_applicant.eq(event.kind.is_visible_to_applicant()),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn lock_record(&mut self, id: RecordId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let locked: Option<Uuid> = sql::<SqlUuid>(
                "SELECT id FROM alumni_records WHERE id = ? AND state = 'active' FOR NO KEY UPDATE",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .get_result(connection)
            .optional()?;
            Ok(locked.is_some())
        })
    }

    fn insert_mailbox_invitation(&mut self, new: &MailboxInvitation) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(invitations::table)
                .values((
                    invitations::id.eq(new.id.uuid()),
                    invitations::claim_id.eq(new.claim.uuid()),
                    invitations::record_id.eq(new.record.uuid()),
                    invitations::code_hash.eq(&new.code_hash[..]),
                    invitations::disown_hash.eq(&new.disown_hash[..]),
                    invitations::expires_at.eq(new.expires_at),
                    invitations::created_at.eq(new.created_at),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn mark_invitation_opened(
        &mut self,
        id: RecordInvitationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(invitations::table.find(id.uuid()))
                .filter(invitations::opened_at.is_null())
                .set(invitations::opened_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
    }

    fn accept_invitation_code(
        &mut self,
        id: RecordInvitationId,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| Ok(codes::accept(connection, id, user, now)?))
    }

    fn suppress_mailbox(
        &mut self,
        record: RecordId,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(mailbox_suppressions::table)
                .values((
                    mailbox_suppressions::record_id.eq(record.uuid()),
                    mailbox_suppressions::until.eq(until),
                    mailbox_suppressions::created_at.eq(now),
                ))
                .on_conflict(mailbox_suppressions::record_id)
                .do_update()
                .set(mailbox_suppressions::until.eq(until))
                .execute(connection)?;
            Ok(())
        })
    }

    fn unlink_user(&mut self, user: UserId) -> Result<usize, StoreError> {
        self.run(|connection| {
            diesel::update(invitations::table.filter(invitations::accepted_by.eq(user.uuid())))
                .set(invitations::accepted_by.eq(None::<Uuid>))
                .execute(connection)?;
            Ok(
                diesel::delete(claims::table.filter(claims::user_id.eq(user.uuid())))
                    .execute(connection)?,
            )
        })
    }

    fn insert_holiday(
        &mut self,
        day: NaiveDate,
        name: &str,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(holidays::table)
                .values((
                    holidays::day.eq(day),
                    holidays::name.eq(name),
                    holidays::created_by.eq(by.map(UserId::uuid)),
                    holidays::created_at.eq(now),
                ))
                .on_conflict(holidays::day)
                .do_update()
                .set(holidays::name.eq(name))
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_holiday(&mut self, day: NaiveDate) -> Result<bool, StoreError> {
        self.run(|connection| {
            let deleted = diesel::delete(holidays::table.find(day)).execute(connection)?;
            Ok(deleted == 1)
        })
    }
}
