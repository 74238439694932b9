//! The application's side of the driver: what it asks, and the bounded way of events to it.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::{Notify, mpsc};

use crate::{
    EndReason, RoomId,
    chat::{Command, Request},
    event::{Delivery, Event},
};

/// Notices that wait for a slow reader; what comes beyond is passed over.
const MAX_NOTICES: usize = 256;

/// What the application wants, or does.
pub(super) enum Wish {
    Request(Request),
    Typing(RoomId, bool),
    /// To end the chat: it said so, or has dropped all of it.
    Close,
    /// It took an event.
    Told,
}

pub(super) struct Application {
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Delivery>,
    closing: Arc<Notify>,
    /// Events that have no place in the queue yet.
    waiting: VecDeque<Delivery>,
    /// Something was passed over, and is still to be said so.
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

    /// Waits for the application. May be dropped at any time without losing anything.
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

    /// Whether the application is so slow that nothing more is kept for it.
    pub(super) fn lags(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether anybody reads events.
    pub(super) fn listens(&self) -> bool {
        !self.events_gone
    }

    /// Tells something that must not be lost.
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

    /// Tells something that is worth nothing later.
    pub(super) fn hint(&mut self, event: Event) {
        if self.lags() {
            self.passed_over = true;
        } else {
            self.tell(event.into());
        }
    }

    /// Tells something that is kept for a slow reader, within bounds.
    pub(super) fn notice(&mut self, event: Event) {
        if self.waiting.len() < MAX_NOTICES {
            self.tell(event.into());
        } else {
            self.passed_over = true;
        }
    }

    /// Tells how the connection stands, in the place of what was not told yet of it.
    pub(super) fn tell_state(&mut self, event: Event) {
        self.waiting.retain(|waiting| {
            !matches!(
                waiting.event,
                Some(Event::Connected(_) | Event::Reconnecting { .. })
            )
        });
        self.tell(event.into());
    }

    /// Tells the end, and answers whoever still asks with it.
    pub(super) async fn end(mut self, reason: EndReason) {
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            if let Command::Request(request) = command {
                // Whoever waits no longer needs no answer.
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

    /// Says that something was passed over once everything else is told.
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

/// Hands over what has waited longest, once there is a place for it; tells whether anybody reads on.
async fn hand_over(events: &mpsc::Sender<Delivery>, waiting: &mut VecDeque<Delivery>) -> bool {
    let Ok(place) = events.reserve().await else {
        return false;
    };
    if let Some(delivery) = waiting.pop_front() {
        place.send(delivery);
    }
    true
}
