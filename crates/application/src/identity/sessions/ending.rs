//! Revocation of sessions: first in the store, then on live connections.

use std::sync::Arc;

use abu_domain::{LoginSessionId, UserId};

use crate::{Database, identity::ports::LiveSessions, platform::ports::StoreError, store::Writes};

#[derive(Clone, Debug)]
pub struct EndedSessions {
    pub user: UserId,
    pub sessions: Vec<LoginSessionId>,
}

/// Runs `work` in a transaction and then closes the chat connections of the sessions that it ended.
/// The connections have received the close when this returns.
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
