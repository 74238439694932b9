//! What became of the platform's mail, for those who look after it.

use abu_application::platform::{
    mail::{MailKind, MailState},
    ports::{MailFilter, MailRecord},
};
use abu_domain::{MailId, Violation};
use actix_web::{
    get, post,
    web::{Json, Path},
};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::access::dto::Mail,
    areas::common::ByUuid,
    caller::CurrentUser,
    input::{IntoDraft, Violations},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_mails).service(retry_mail);
}

struct Mails;

/// What narrows the list of mails.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct MailFilterParameters {
    /// How far they are: `pending`, `sent` or `dead`.
    #[param(example = "dead")]
    state: Option<String>,
    /// What they are about, such as `verify_email`.
    #[param(example = "verify_email")]
    kind: Option<String>,
}

impl List for Mails {
    type Filter = MailFilterParameters;
    type Item = MailRecord;
    type Entry = Mail;
    type Position = MailId;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(mail: &MailRecord) -> MailId {
        mail.id
    }
}

impl IntoDraft for MailFilterParameters {
    type Draft = MailFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<MailFilter> {
        Some(MailFilter {
            state: violations.optional("state", self.state, state),
            kind: violations.optional("kind", self.kind, kind),
        })
    }
}

fn state(text: &str) -> Result<MailState, Violation> {
    MailState::from_name(text).ok_or(Violation {
        code: "state.unknown",
        rule: "must be pending, sent or dead",
    })
}

fn kind(text: &str) -> Result<MailKind, Violation> {
    MailKind::from_name(text).ok_or(Violation {
        code: "kind.unknown",
        rule: "must be a kind of mail such as verify_email",
    })
}

problems! {
    ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    RetryProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
}

/// List mails.
///
/// The newest first; takes `can_view_mail`. Those that were sent or given up are forgotten after a
/// time.
#[utoipa::path(
    tag = "mails",
    security(("bearer" = [])),
    params(PageParameters, MailFilterParameters),
    responses((status = 200, description = "A page of mails.", body = ListBody<Mail>), ListProblems),
)]
#[get("/admin/mails")]
async fn list_mails(state: State, caller: CurrentUser, page: Page<Mails>) -> Answer {
    let mails = state
        .access
        .mails
        .list(caller.caller, page.filter, page.request)
        .await?;
    page.reply.with(mails)
}

/// Have a mail that was given up sent again.
///
/// It gets as many attempts as a new one. Takes `can_modify_mail`.
#[utoipa::path(
    tag = "mails",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The mail, pending again.", body = Mail), RetryProblems),
)]
#[post("/admin/mails/{uuid}/retry")]
async fn retry_mail(state: State, caller: CurrentUser, path: Path<ByUuid>) -> Answer<Json<Mail>> {
    let mail = state
        .access
        .mails
        .retry(caller.caller, path.uuid.into())
        .await?;
    Ok(Json(mail.into()))
}
