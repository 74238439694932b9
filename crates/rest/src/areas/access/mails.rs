//! What became of the platform's mail, for those who look after it.

use abu_application::platform::{
    mail::{MailKind, MailState},
    ports::{MailFilter, MailRecord},
};
use abu_domain::MailId;

use crate::areas::{access::dto::Mail, prelude::*};

routes! { list_mails, retry_mail }

struct Mails;

/// What narrows the list of mails.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct MailFilterParameters {
    /// How far they are: `pending`, `sent` or `dead`; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["dead"]))]
    state: Option<String>,
    /// What they are about, such as `verify_email`; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["verify_email"]))]
    kind: Option<String>,
}

impl List for Mails {
    type Filter = MailFilterParameters;
    type Item = MailRecord;
    type Entry = Mail;
    type Position = MailId;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(mail: &MailRecord) -> MailId {
        mail.id
    }
}

impl IntoDraft for MailFilterParameters {
    type Draft = MailFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<MailFilter> {
        Some(MailFilter {
            states: violations.any_of("state", self.state, state),
            kinds: violations.any_of("kind", self.kind, kind),
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

/// List mails.
///
/// The newest first; takes `can_view_mail`. Those that were sent or given up are forgotten after a
/// time.
#[utoipa::path(
    tag = "mails",
    params(Page::<Mails>),
    responses((status = 200, description = "A page of mails.", body = ListBody<Mail>), StaffOnly),
)]
#[get("/admin/mails")]
async fn list_mails(access: Access, caller: CurrentUser, page: Page<Mails>) -> Answer {
    let mails = access.mails.list(caller.0, page.filter, page.request);
    page.reply.with(mails.await?)
}

/// Have a mail that was given up sent again.
///
/// It gets as many attempts as a new one. Takes `can_modify_mail`.
#[utoipa::path(
    tag = "mails",
    params(ByUuid),
    responses((status = 200, description = "The mail, pending again.", body = Mail), StaffOnly),
)]
#[post("/admin/mails/{uuid}/retry")]
async fn retry_mail(access: Access, caller: CurrentUser, path: Path<ByUuid>) -> Answer<Json<Mail>> {
    let mail = access.mails.retry(caller.0, path.id()).await?;
    Ok(Json(mail.into()))
}
