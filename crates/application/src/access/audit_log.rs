//! Reading the audit log, which the log itself records.

use abu_domain::access::Permission;

use crate::{
    Context,
    access::{self, AccessError, Authority},
    platform::{
        audit::{Action, Entry},
        lists::{ListRequest, Listed, Seek},
        ports::{AuditEntry, AuditFilter},
    },
};

#[derive(Clone)]
pub struct AuditLog {
    pub context: Context,
}

impl AuditLog {
    /// A page of the log, newest first; takes `can_view_audit_log`. The log records the filter of
    /// each query, not its result.
    pub async fn list(
        &self,
        caller: impl Authority,
        filter: AuditFilter,
        page: ListRequest<i64>,
    ) -> Result<Listed<AuditEntry>, AccessError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ViewAuditLog)?;
                let entries = page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_audit(&filter, seek, limit),
                    |tx| tx.count_audit(&filter),
                )?;
                let view = caller.entry(Action::AuditView);
                asked_for(view, &filter, page.seek).write(tx, entry_id, now)?;
                Ok(entries)
            })
            .await
    }
}

fn asked_for(mut view: Entry, filter: &AuditFilter, seek: Seek<i64>) -> Entry {
    let seq = |seq: Option<i64>| seq.map(|seq| seq.to_string());
    let (after, before) = match seek {
        Seek::After(from) => (seq(from), None),
        Seek::Before(from) => (None, seq(from)),
    };
    for (name, value) in [
        ("actor", filter.actor.map(|actor| actor.to_string())),
        (
            "action",
            joined(filter.actions.iter().map(|action| action.name())),
        ),
        (
            "target_type",
            joined(filter.target_types.iter().map(String::as_str)),
        ),
        ("target", filter.target.clone()),
        ("from", filter.from.map(|time| time.to_rfc3339())),
        ("to", filter.to.map(|time| time.to_rfc3339())),
        ("page_after", after),
        ("page_before", before),
    ] {
        if let Some(value) = value {
            view = view.with(name, value);
        }
    }
    view
}

fn joined<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: Vec<&str> = values.collect();
    (!values.is_empty()).then(|| values.join(" "))
}
