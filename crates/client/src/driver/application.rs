//! The application's side of the driver: commands in, events out through a bounded queue (backpressure).

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::{Notify, mpsc};

use crate::{
    EndReason, RoomId,
    chat::{Command, Request},
    event::{Delivery, Event},
};

/// Bounds the notices that wait for a slow reader; the driver drops further ones.
const MAX_NOTICES: usize = 256;

/// An action of the application.
pub(super) enum Wish {
    Request(Request),
    Typing(RoomId, bool),
    /// The application closed the chat, or dropped all its handles.
    Close,
    /// The application has read an event.
    Told,
}

pub(super) struct Application {
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Delivery>,
    closing: Arc<Notify>,
    /// Events that wait for a place in the queue.
    waiting: VecDeque<Delivery>,
    /// The driver dropped an event, and has not delivered [`Event::Lagged`] yet.
    passed_over: bool,
    chats_gone: bool,
    events_gone: bool,
}

impl Application {
    pub(super) fn new(
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Delivery>,
        closing: Arc<Notify>,
    ) -> Self {
        Self {
            commands,
            events,
            closing,
            waiting: VecDeque::new(),
            passed_over: false,
            chats_gone: false,
            events_gone: false,
        }
    }

    /// Waits for the next action of the application. Cancel-safe.
    pub(super) async fn next(&mut self, takes_requests: bool) -> Wish {
        loop {
            if self.chats_gone && self.events_gone {
                return Wish::Close;
            }
            let has_waiting = !self.waiting.is_empty();
            tokio::select! {
                () = self.closing.notified() => return Wish::Close,
                command = self.commands.recv(), if takes_requests && !self.chats_gone => {
                    match command {
                        Some(Command::Request(request)) => return Wish::Request(request),
                        Some(Command::Typing(room, is_typing)) => {
                            return Wish::Typing(room, is_typing);
                        }
                        None => self.chats_gone = true,
                    }
                }
                is_read = hand_over(&self.events, &mut self.waiting),
                    if has_waiting && !self.events_gone =>
                {
                    if is_read {
                        self.catch_up();
                        return Wish::Told;
                    }
                    self.forget_events();
                }
                () = self.events.closed(), if !has_waiting && !self.events_gone => {
                    self.forget_events();
                }
            }
        }
    }

    /// Whether events wait for a place in the queue.
    pub(super) fn lags(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the application still has its [`Events`](crate::Events).
    pub(super) fn listens(&self) -> bool {
        !self.events_gone
    }

    /// Delivers an event that must not be lost.
    pub(super) fn tell(&mut self, delivery: Delivery) {
        if self.events_gone {
            return;
        }
        if self.waiting.is_empty() {
            match self.events.try_send(delivery) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(delivery)) => self.waiting.push_back(delivery),
                Err(mpsc::error::TrySendError::Closed(_)) => self.forget_events(),
            }
        } else {
            self.waiting.push_back(delivery);
        }
    }

    /// Delivers an event that is of no use later; a full queue drops it.
    pub(super) fn hint(&mut self, event: Event) {
        if self.lags() {
            self.passed_over = true;
        } else {
            self.tell(event.into());
        }
    }

    /// Delivers an event that waits for a slow reader, up to [`MAX_NOTICES`].
    pub(super) fn notice(&mut self, event: Event) {
        if self.waiting.len() < MAX_NOTICES {
            self.tell(event.into());
        } else {
            self.passed_over = true;
        }
    }

    /// Delivers the connection's state, in place of an older state that still waits.
    pub(super) fn tell_state(&mut self, event: Event) {
        self.waiting.retain(|waiting| {
            !matches!(
                waiting.event,
                Some(Event::Connected(_) | Event::Reconnecting { .. })
            )
        });
        self.tell(event.into());
    }

    /// Fails all queued requests with `reason`, and delivers [`Event::Ended`].
    pub(super) async fn end(mut self, reason: EndReason) {
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            if let Command::Request(request) = command {
                // A cancelled request has dropped the receiver.
                let _ = request.answer.send(Err(reason.clone().into()));
            }
        }
        self.waiting.push_back(Event::Ended(reason).into());
        for delivery in self.waiting {
            if self.events.send(delivery).await.is_err() {
                return;
            }
        }
    }

    /// Moves waiting events into the queue, and delivers [`Event::Lagged`] after the last one if due.
    fn catch_up(&mut self) {
        while let Some(delivery) = self.waiting.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(delivery)) = self.events.try_send(delivery) {
                self.waiting.push_front(delivery);
                return;
            }
        }
        if std::mem::take(&mut self.passed_over) {
            self.tell(Event::Lagged.into());
        }
    }

    fn forget_events(&mut self) {
        self.events_gone = true;
        self.waiting.clear();
    }
}

/// Moves the oldest waiting event into the queue. Returns false if the application has dropped its events.
async fn hand_over(events: &mpsc::Sender<Delivery>, waiting: &mut VecDeque<Delivery>) -> bool {
    let Ok(place) = events.reserve().await else {
        return false;
    };
    if let Some(delivery) = waiting.pop_front() {
        place.send(delivery);
    }
    true
}
