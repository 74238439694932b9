//! Ending sessions: in the store, and then in the chat.

use std::sync::Arc;

use abu_domain::{LoginSessionId, UserId};

use crate::{Database, identity::ports::LiveSessions, platform::ports::StoreError, store::Writes};

/// Sessions that a transaction ended.
#[derive(Clone, Debug)]
pub struct EndedSessions {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub sessions: Vec<LoginSessionId>,
}

/// Runs `work` in a transaction. Once that is committed, connections to the chat that came of the
/// sessions it ended are closed; they have been told when this returns.
///
/// # Errors
/// What `work` returned, or the store's own failure.
pub async fn ending_sessions<T, E>(
    database: &Database,
    live_sessions: &Arc<dyn LiveSessions>,
    work: impl FnOnce(&mut dyn Writes) -> Result<(T, EndedSessions), E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let live_sessions = Arc::clone(live_sessions);
    let (value, applied) = database
        .run(move |store| {
            let (value, ended) = store.transaction(work)?;
            let some = !ended.sessions.is_empty();
            let applied = some.then(|| live_sessions.sessions_ended(ended.user, &ended.sessions));
            Ok::<_, E>((value, applied))
        })
        .await?;
    if let Some(applied) = applied {
        applied.await;
    }
    Ok(value)
}
