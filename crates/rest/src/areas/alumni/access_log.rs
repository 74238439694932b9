//! Which staff role looked at what is about the caller.

use abu_application::alumni::access_log::Access;

use crate::areas::prelude::*;

routes! { list_accesses }

json_form! {
    /// An access of the staff to what is about you.
    struct StaffAccess from access: Access {
        #[schema(example = "2026-12-01T09:30:00Z")]
        at: DateTime<Utc> = access.at,
        /// In which role the staff acted: `verification` of claims, `registry` or `accounts`.
        #[schema(example = "verification")]
        role: &'static str = access.role.name(),
        /// `viewed`, `downloaded` for a file, or `changed`.
        #[schema(example = "viewed")]
        kind: &'static str = access.kind.name(),
        /// Why, where the staff had to say so.
        #[schema(example = json!(null))]
        reason: Option<String> = access.reason,
    }
}

struct Accesses;

impl List for Accesses {
    type Filter = NoParameters;
    type Item = Access;
    type Entry = StaffAccess;
    type Position = i64;
    const SORTS: [&'static str; 2] = ["-at", "at"];

    fn position(access: &Access) -> i64 {
        access.seq
    }
}

/// List who looked at your data.
///
/// When staff viewed, downloaded or changed your account, a claim of yours or the record that you are linked to, and in
/// which role; the newest first. It names no one.
#[utoipa::path(
    tag = "me",
    params(Page::<Accesses>),
    responses((status = 200, description = "A page of accesses.", body = ListBody<StaffAccess>)),
)]
#[get("/me/access-log")]
async fn list_accesses(alumni: Alumni, caller: CurrentUser, page: Page<Accesses>) -> Answer {
    let accesses = alumni.access_log.list(caller.0, page.request);
    page.reply.with(accesses.await?)
}
