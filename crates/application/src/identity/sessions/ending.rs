//! Session revocation: in the store, and then on the connections that came of the sessions.

use abu_domain::{LoginSessionId, UserId};

use crate::{Context, identity::events::IdentityEvent, platform::ports::StoreError, store::Writes};

/// Sessions that a transaction ended.
#[derive(Clone, Debug)]
pub struct EndedSessions {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub sessions: Vec<LoginSessionId>,
}

/// Runs `work` in a transaction. After the commit, publishes which sessions it ended; their connections to
/// the chat are closed when this returns.
///
/// # Errors
/// What `work` returned, or the store's own failure.
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
