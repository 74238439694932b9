//! The audit log, for those who watch over who does what.

use abu_application::platform::{
    audit::Action,
    ports::{self, AuditFilter},
};
use abu_domain::UserId;
use utoipa::openapi::schema::{Array, ObjectBuilder, Type};

use crate::areas::{access::dto::AuditEntry, prelude::*};

routes! { list_audit_log }

struct Entries;

/// What narrows the audit log.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditFilterParameters {
    /// The account that acted.
    #[param(value_type = Option<Uuid>, example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    actor: Option<String>,
    /// What was done; repeated, any of several.
    #[param(schema_with = actions)]
    action: Option<String>,
    /// What kind of thing it was done to, such as `user`; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["user"]))]
    target_type: Option<String>,
    /// Which one.
    #[param(
        example = "8f14a7a2-6f0a-4c7e-9d57-6a1a5f0c2b42",
        min_length = 1,
        max_length = 100
    )]
    target: Option<String>,
    /// Not before this time.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-01-05T08:30:00Z")]
    from: Option<String>,
    /// Before this time.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-01-06T00:00:00Z")]
    to: Option<String>,
}

fn actions() -> Array {
    let names = Action::ALL.iter().map(|action| action.name());
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names));
    Array::new(name)
}

impl List for Entries {
    type Filter = AuditFilterParameters;
    type Item = ports::AuditEntry;
    type Entry = AuditEntry;
    type Position = i64;
    const SORTS: [&'static str; 2] = ["-seq", "seq"];

    fn position(entry: &ports::AuditEntry) -> i64 {
        entry.seq
    }
}

impl IntoDraft for AuditFilterParameters {
    type Draft = AuditFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<AuditFilter> {
        let actor = violations.optional("actor", self.actor, uuid);
        Some(AuditFilter {
            actor: actor.map(UserId::new),
            actions: violations.any_of("action", self.action, action),
            target_types: violations.any_of("target_type", self.target_type, short_text),
            target: violations.optional("target", self.target, short_text),
            from: violations.optional("from", self.from, time),
            to: violations.optional("to", self.to, time),
        })
    }
}

fn action(text: &str) -> Result<Action, Violation> {
    Action::from_name(text).ok_or(Violation {
        code: "action.unknown",
        rule: "must be one of the actions that the API's description lists",
    })
}

/// Look into the audit log.
///
/// The newest entry first; takes `can_view_audit_log`. The log records each view with its
/// filters, so the next request sees that entry as the newest. Entries are in the order in which they
/// were written; with `to`, in that of their times, which differs where clocks do.
#[utoipa::path(
    tag = "audit",
    params(Page::<Entries>),
    responses(
        (status = 200, description = "A page of entries.", body = ListBody<AuditEntry>),
        StaffOnly,
    ),
)]
#[get("/admin/audit-log")]
async fn list_audit_log(access: Access, caller: CurrentUser, page: Page<Entries>) -> Answer {
    let entries = access.audit_log.list(caller.0, page.filter, page.request);
    page.reply.with(entries.await?)
}
