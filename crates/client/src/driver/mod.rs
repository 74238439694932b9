//! The connection supervisor: a task that connects, runs the session loop, and reconnects with back-off.
//!
//! Decisions without I/O are elsewhere: gap detection ([`crate::resume`]), requests in flight
//! ([`requests`]), delays ([`crate::backoff`]).

mod application;
mod attempt;
mod conversation;
mod link;
mod requests;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep},
};

use self::{
    application::{Application, Wish},
    attempt::{Attempt, Opened, Setback},
    requests::Requests,
};
use crate::{
    BoxFuture, Chat, ConnectError, EndReason, Event, Events, RoomPosition, Session,
    backoff::Backoff,
    event::Interruption,
    protocol::Reconnect,
    resume::{MAX_BUFFERED, Rooms},
};

/// The capacity of the command queue, before the requests that the driver holds itself.
const COMMAND_QUEUE: usize = 64;

/// After close code 1008 the back-off counts at least this many failures: the client is faulty or too fast.
const FAILURES_OF_A_VIOLATION: u32 = 3;

/// Connects, and starts a driver that reconnects from then on.
pub(crate) async fn connect(
    session: &Session,
    positions: Vec<RoomPosition>,
) -> Result<(Chat, Events), ConnectError> {
    let attempt = Attempt {
        session: session.clone(),
        refused: None,
        needs_rooms: true,
    };
    let opened = attempt.run().await.map_err(|setback| match setback {
        Setback::Over(reason) => ConnectError::Ended(reason),
        Setback::NotNow { what, .. } => ConnectError::NotNow(what),
    })?;
    Ok(Driver::start(session, positions, Some(opened)))
}

/// Starts a driver that connects and reconnects.
pub(crate) fn open(session: &Session, positions: Vec<RoomPosition>) -> (Chat, Events) {
    Driver::start(session, positions, None)
}

struct Driver {
    session: Session,
    application: Application,
    rooms: Rooms,
    requests: Requests,
    backoff: Backoff,
    /// Whether the room list has given the start position of each room.
    has_rooms: bool,
    /// A token that the server rejected as expired.
    refused: Option<crate::AccessToken>,
    /// The wait that a closing server requested.
    reconnect_after: Option<Duration>,
}

/// How a connection ended.
enum Outcome {
    Over(EndReason),
    Interrupted(Interruption),
}

impl From<Interruption> for Outcome {
    fn from(cause: Interruption) -> Self {
        Self::Interrupted(cause)
    }
}

impl From<EndReason> for Outcome {
    fn from(reason: EndReason) -> Self {
        Self::Over(reason)
    }
}

impl Driver {
    fn start(
        session: &Session,
        positions: Vec<RoomPosition>,
        opened: Option<Opened>,
    ) -> (Chat, Events) {
        let settings = &session.shared.settings;
        let (commands, from_chats) = mpsc::channel(COMMAND_QUEUE);
        let (to_events, events) = mpsc::channel(settings.event_queue);
        let closing = Arc::new(Notify::new());
        let (end, ended) = watch::channel(None);
        let chat = Chat {
            commands,
            closing: Arc::clone(&closing),
            ended,
            request_timeout: settings.request_timeout,
        };
        let mut rooms = Rooms::new(MAX_BUFFERED);
        for position in &positions {
            rooms.adopt(position);
        }
        let driver = Self {
            session: session.clone(),
            application: Application::new(from_chats, to_events, closing),
            rooms,
            requests: Requests::default(),
            backoff: settings.backoff.clone(),
            has_rooms: false,
            refused: None,
            reconnect_after: None,
        };
        tokio::spawn(async move {
            driver.run(opened, end).await;
        });
        (chat, Events::new(events, positions))
    }

    async fn run(mut self, opened: Option<Opened>, end: watch::Sender<Option<EndReason>>) {
        let reason = self.stay_connected(opened).await;
        log::debug!("the chat is over: {reason}");
        self.requests.end(&reason);
        end.send_replace(Some(reason.clone()));
        self.application.end(reason).await;
    }

    /// Reconnects until the chat ends.
    async fn stay_connected(&mut self, mut opened: Option<Opened>) -> EndReason {
        loop {
            let setback = match opened.take() {
                Some(opened) => match self.talk(opened).await {
                    Outcome::Over(reason) => return reason,
                    Outcome::Interrupted(cause) => (cause, self.reconnect_after.take()),
                },
                None => {
                    let attempt = Attempt {
                        session: self.session.clone(),
                        refused: self.refused.take(),
                        needs_rooms: !self.has_rooms,
                    };
                    match self.while_away(Box::pin(attempt.run())).await {
                        Err(reason) => return reason,
                        Ok(Ok(next)) => {
                            opened = Some(next);
                            continue;
                        }
                        Ok(Err(Setback::Over(reason))) => return reason,
                        Ok(Err(Setback::NotNow {
                            cause, retry_after, ..
                        })) => (cause, retry_after),
                    }
                }
            };
            let delay = self.delay_after(setback);
            if let Err(reason) = self.while_away(Box::pin(sleep(delay))).await {
                return reason;
            }
        }
    }

    /// Runs one connection, from its `welcome` to its end.
    async fn talk(&mut self, opened: Opened) -> Outcome {
        if let Some(listed) = &opened.rooms {
            for room in listed {
                self.rooms
                    .adopt(&RoomPosition::new(room.id.clone(), room.last_seq));
            }
            self.has_rooms = true;
        }
        let token = opened.token.clone();
        let began = Instant::now();
        let outcome = self.converse(opened).await;
        self.requests.disconnected();
        if began.elapsed() >= self.backoff.ceiling() {
            self.backoff.reset();
        }
        if let Outcome::Interrupted(Interruption::Closed(code)) = &outcome {
            match code.reconnect() {
                Reconnect::AfterNewToken => self.refused = Some(token),
                Reconnect::Never if *code == crate::CloseCode::AccountSuspended => {
                    return EndReason::Suspended.into();
                }
                Reconnect::Never => return EndReason::Closed.into(),
                _ => {}
            }
        }
        outcome
    }

    /// The delay before the next attempt; delivers [`Event::Reconnecting`].
    fn delay_after(&mut self, (cause, retry_after): (Interruption, Option<Duration>)) -> Duration {
        if cause == Interruption::Closed(crate::CloseCode::PolicyViolation) {
            self.backoff.count_at_least(FAILURES_OF_A_VIOLATION);
        }
        // An expired token is no failure of the connection: the next attempt gets another token.
        let is_expiry = cause == Interruption::Closed(crate::CloseCode::TokenExpired);
        let first_expiry = is_expiry && self.backoff.failures() == 0;
        let delay = self.backoff.after_failure(rand::random(), retry_after);
        let delay = if first_expiry { Duration::ZERO } else { delay };
        log::debug!("{cause}; connecting again in {} ms", delay.as_millis());
        self.application.tell_state(Event::Reconnecting {
            attempt: self.backoff.failures(),
            delay,
            cause,
        });
        delay
    }

    /// Waits for `work` while disconnected, and accepts requests of the application.
    async fn while_away<T>(&mut self, mut work: BoxFuture<'static, T>) -> Result<T, EndReason> {
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                wish = self.application.next(self.requests.have_place()) => match wish {
                    Wish::Request(request) => self.requests.add(request),
                    Wish::Close => return Err(EndReason::Closed),
                    // A typing hint is of no use without a connection; read events need no action.
                    Wish::Typing(..) | Wish::Told => {}
                },
            }
        }
    }
}
