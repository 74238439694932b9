//! What the audit log has about a user that other accounts caused.

use abu_application::{
    alumni::ports::{AccessLogReads, AccessTargets, StaffAccess},
    platform::{
        audit::Action,
        lists::{Seek, Total},
        ports::StoreError,
    },
};
use abu_domain::UserId;
use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    lists::{descending, in_list_order, total},
    schema::{audit_log, claims},
    store::Session,
};

/// More claims than an account makes in the time that refused ones are kept.
const CLAIMS: i64 = 100;

type Row = (i64, DateTime<Utc>, String, String);

fn access((seq, at, action, details): Row) -> StaffAccess {
    let details: Value = serde_json::from_str(&details).unwrap_or_default();
    StaffAccess {
        seq,
        at,
        action,
        reason: details["reason"].as_str().map(str::to_owned),
    }
}

fn filtered<'a>(targets: &AccessTargets, actions: &[Action]) -> audit_log::BoxedQuery<'a, Pg> {
    let mut ids = vec![Some(targets.user.to_string())];
    ids.extend(targets.claims.iter().map(|claim| Some(claim.to_string())));
    let actions: Vec<&'static str> = actions.iter().map(|action| action.name()).collect();
    let query = audit_log::table
        .into_boxed()
        .filter(audit_log::actor.eq("user"))
        .filter(audit_log::actor_id.ne(targets.user.uuid()))
        .filter(audit_log::action.eq_any(actions));
    match targets.record {
        None => query.filter(audit_log::target_id.eq_any(ids)),
        Some((record, since)) => {
            let of_record = audit_log::target_id
                .eq(record.to_string())
                .and(audit_log::created_at.ge(since));
            query.filter(audit_log::target_id.eq_any(ids).or(of_record))
        }
    }
}

impl AccessLogReads for Session<'_> {
    fn access_targets(&mut self, user: UserId) -> Result<AccessTargets, StoreError> {
        self.run(|connection| {
            let own = claims::table.filter(claims::user_id.eq(user.uuid()));
            let ids: Vec<Uuid> = own
                .order((claims::created_at.desc(), claims::id.desc()))
                .limit(CLAIMS)
                .select(claims::id)
                .load(connection)?;
            let record: Option<(Option<Uuid>, Option<DateTime<Utc>>)> = own
                .filter(claims::state.eq("verified"))
                .select((claims::record_id, claims::decided_at))
                .first(connection)
                .optional()?;
            let record = record.and_then(|(record, since)| Some((record?.into(), since?)));
            Ok(AccessTargets {
                user,
                claims: ids.into_iter().map(Into::into).collect(),
                record,
            })
        })
    }

    fn list_staff_accesses(
        &mut self,
        targets: &AccessTargets,
        actions: &[Action],
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<StaffAccess>, StoreError> {
        self.run(|connection| {
            let query = filtered(targets, actions);
            let rows: Vec<Row> = descending!(query, seek, audit_log::seq)
                .limit(limit.into())
                .select((
                    audit_log::seq,
                    audit_log::created_at,
                    audit_log::action,
                    audit_log::details,
                ))
                .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows);
            Ok(rows.into_iter().map(access).collect())
        })
    }

    fn count_staff_accesses(
        &mut self,
        targets: &AccessTargets,
        actions: &[Action],
    ) -> Result<Total, StoreError> {
        self.run(|connection| {
            Ok(total(
                connection,
                filtered(targets, actions).select(audit_log::seq),
            )?)
        })
    }
}
