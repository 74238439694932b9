//! Revocation of sessions: first in the store, then on live connections.

use abu_domain::{LoginSessionId, UserId};

use crate::{Context, identity::events::IdentityEvent, platform::ports::StoreError, store::Writes};

#[derive(Clone, Debug)]
pub struct EndedSessions {
    pub user: UserId,
    pub sessions: Vec<LoginSessionId>,
}

/// Runs `work` in a transaction and then publishes the sessions that it ended. Their chat
/// connections have received the close when this returns.
pub async fn ending_sessions<T, E>(
    context: &Context,
    work: impl FnOnce(&mut dyn Writes) -> Result<(T, EndedSessions), E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let events = context.events.clone();
    let (value, applied) = context
        .database
        .run(move |store| {
            let (value, EndedSessions { user, sessions }) = store.transaction(work)?;
            let applied = (!sessions.is_empty())
                .then(|| events.publish(IdentityEvent::SessionsRevoked { user, sessions }));
            Ok::<_, E>((value, applied))
        })
        .await?;
    if let Some(applied) = applied {
        applied.await;
    }
    Ok(value)
}
