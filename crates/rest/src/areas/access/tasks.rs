//! Long work in the background, as its creators see it.

use abu_domain::platform::task::Task as DomainTask;
use actix_web::http::header;

use crate::areas::{BASE, prelude::*};

routes! { get_task, cancel_task }

json_form! {
    /// Long work in the background.
    #[schema(example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "kind": "import_judge",
        "subject": "8f14a7a2-6f0a-4c7e-9d57-6a1a5f0c2b42",
        "state": "running",
        "phase": "stage",
        "done": 420_000,
        "total": 1_000_000,
        "unit": "rows",
        "eta_seconds": 14,
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:10Z",
    }))]
    struct Task from task: DomainTask {
        uuid: Uuid = task.id.uuid(),
        /// What it does.
        kind: String = task.kind.clone(),
        /// The UUID of what it works on; absent where it works on nothing that has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<Uuid> = task.subject,
        /// `queued`, `running`, `canceling`, or, at the end, `done`, `failed` or `canceled`.
        state: &'static str = task.state.name(),
        /// The part of the work under way; absent before the first one.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<String> = task.progress.as_ref().map(|progress| progress.phase.clone()),
        /// How much of the phase is done.
        #[serde(skip_serializing_if = "Option::is_none")]
        done: Option<u64> = task.progress.as_ref().map(|progress| progress.done),
        /// How much the phase has; absent while that is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64> = task.progress.as_ref().and_then(|progress| progress.total),
        /// What is counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        unit: Option<String> = task.progress.as_ref().map(|progress| progress.unit.clone()),
        /// How long the rest of the phase takes at the pace so far.
        #[serde(skip_serializing_if = "Option::is_none")]
        eta_seconds: Option<i64> = task.eta().map(|eta| eta.num_seconds()),
        created_at: DateTime<Utc> = task.created_at,
        /// When anything here last changed.
        last_modified: DateTime<Utc> = task.last_modified,
        /// Why it failed; absent unless it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String> = task.failure,
    }
}

/// Look at a task.
///
/// For who asked for it, and for holders of the permission of its kind. Ask again every second or two
/// while it runs, with `If-None-Match`. It is forgotten 30 days after its end.
#[utoipa::path(
    tag = "tasks",
    params(ByUuid),
    responses((status = 200, description = "The task.", body = Task)),
)]
#[get("/tasks/{uuid}")]
async fn get_task(access: Access, caller: CurrentUser, path: Path<ByUuid>) -> Answer<Json<Task>> {
    let task = access.tasks.get(caller.0, path.id()).await?;
    Ok(Json(task.into()))
}

/// Cancel a task.
///
/// It ends between two steps, soon: `canceling` until then. What it did of its work is undone. A task
/// that is in its last step may be done all the same.
#[utoipa::path(
    tag = "tasks",
    params(ByUuid),
    responses((status = 202, description = "It ends soon.", body = Task), Conflicts),
)]
#[delete("/tasks/{uuid}")]
async fn cancel_task(access: Access, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let task = access.tasks.cancel(caller.0, path.id()).await?;
    let location = format!("{BASE}/tasks/{}", task.id);
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .json(Task::from(task)))
}
