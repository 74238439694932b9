#![doc = include_str!("../README.md")]

mod settings;

pub use settings::ChatSettings;

use std::{any::Any, sync::Arc, time::Duration};

use abu_application::{
    Database,
    ports::{Clock, Ids, LiveChat},
};
use abu_domain::UserId;
use actix_web::{HttpRequest, HttpResponse, dev::Extensions, web};
use chrono::{DateTime, Utc};

/// The chat of one process. Cheap to clone.
#[derive(Clone)]
pub struct ChatEngine {}

/// The chat of one worker thread. Cheap to clone, and not to be sent to another thread.
#[derive(Clone)]
pub struct Worker {
    _not_send: std::marker::PhantomData<std::rc::Rc<()>>,
}

/// Somebody who comes with a good token or ticket.
#[derive(Clone, Copy, Debug)]
pub struct Connecting {
    /// Who.
    pub user_id: UserId,
    /// When their access token expires, and the session with it.
    pub expires_at: DateTime<Utc>,
}

/// Why a connection was refused before it became a WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such account any more.
    #[error("there is no such account any more")]
    UnknownUser,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The user has as many sessions as allowed.
    #[error("too many sessions")]
    TooManySessions,
    /// The server is going down.
    #[error("the server is going down")]
    Draining,
    /// The store cannot be asked now.
    #[error("the database is not available")]
    Unavailable,
    /// The request is no proper WebSocket handshake.
    #[error("not a WebSocket handshake")]
    Handshake(actix_web::Error),
}

impl ChatEngine {
    /// Starts the chat's own threads.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(
        _database: Database,
        _clock: Arc<dyn Clock>,
        _ids: Arc<dyn Ids>,
        _settings: ChatSettings,
    ) -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// The chat as the use cases see it.
    pub fn live_chat(&self) -> Arc<dyn LiveChat> {
        todo!()
    }

    /// Joins the current worker thread to the chat. Call it once in each worker, inside its runtime.
    pub fn join_worker(&self) -> Worker {
        todo!()
    }

    /// Refuses new sessions, ends all others with 1001, and waits at most `limit` until all that was
    /// accepted is stored.
    pub async fn shut_down(&self, _limit: Duration) {}
}

impl Worker {
    /// Turns a request into a chat session.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(
        &self,
        _request: &HttpRequest,
        _payload: web::Payload,
        _who: Connecting,
    ) -> Result<HttpResponse, ConnectError> {
        todo!()
    }
}

/// Prepares an accepted connection; to be given to `HttpServer::on_connect`.
pub fn on_connect(
    _settings: &ChatSettings,
    _connection: &dyn Any,
    _extensions: &mut Extensions,
) {
}
