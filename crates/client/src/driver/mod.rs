//! The task behind a chat: it connects, talks, and comes back.
//!
//! What is decided without I/O is elsewhere: what is missing ([`crate::resume`]), what was asked
//! ([`requests`]), how long to wait ([`crate::backoff`]). This module waits for all of them at once.

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

/// Requests that wait for the driver, before those it has taken on.
const COMMAND_QUEUE: usize = 64;

/// After 1008 the next attempt waits as if there had been this many failures: something in this client
/// is wrong, or it is too fast.
const FAILURES_OF_A_VIOLATION: u32 = 3;

/// Connects for the first time, and has the connection kept from then on.
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

/// Has a connection made, and kept from then on.
pub(crate) fn open(session: &Session, positions: Vec<RoomPosition>) -> (Chat, Events) {
    Driver::start(session, positions, None)
}

struct Driver {
    session: Session,
    application: Application,
    rooms: Rooms,
    requests: Requests,
    backoff: Backoff,
    /// Whether it is known where each room begins for the application.
    has_rooms: bool,
    /// A token that the server took as expired.
    refused: Option<crate::AccessToken>,
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

    /// Connects again and again, until it is over.
    async fn stay_connected(&mut self, mut opened: Option<Opened>) -> EndReason {
        loop {
            let setback = match opened.take() {
                Some(opened) => match self.talk(opened).await {
                    Outcome::Over(reason) => return reason,
                    Outcome::Interrupted(cause) => (cause, None),
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

    /// One connection, from its welcome to its end.
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

    /// How long to stay away, which the application is told.
    fn delay_after(&mut self, (cause, retry_after): (Interruption, Option<Duration>)) -> Duration {
        if cause == Interruption::Closed(crate::CloseCode::PolicyViolation) {
            self.backoff.count_at_least(FAILURES_OF_A_VIOLATION);
        }
        // A token that has ended is no failure of the connection: the next attempt brings another.
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

    /// Waits for something while there is no connection, and takes on what the application asks.
    async fn while_away<T>(&mut self, mut work: BoxFuture<'static, T>) -> Result<T, EndReason> {
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                wish = self.application.next(self.requests.have_place()) => match wish {
                    Wish::Request(request) => self.requests.add(request),
                    Wish::Close => return Err(EndReason::Closed),
                    // Nobody sees who types while away; told events make room by themselves.
                    Wish::Typing(..) | Wish::Told => {}
                },
            }
        }
    }
}
