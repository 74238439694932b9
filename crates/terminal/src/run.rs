//! Event loop: reads keys, signals and chat events, draws, and performs effects.

use std::{
    io,
    time::{Duration, Instant},
};

use abu_chat_client::{Chat, EndReason, Events, Session};
use chrono::Local;
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event as TerminalEvent},
    layout::{Position, Rect},
};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    app::{App, Effect, Input, Unsent},
    ask::ask,
    keys::{self, Action},
    signals::{Signals, Stop},
    view,
};

/// The capacity of the key queue.
const KEYS: usize = 64;

/// The redraw interval without events, for countdowns and expiring typing hints.
const TICK: Duration = Duration::from_millis(500);

/// The maximum delay of a redraw under continuous events.
const FRAME: Duration = Duration::from_millis(50);

/// Bounds the wait for the close handshake.
const GOODBYE: Duration = Duration::from_secs(3);

/// Why the program ends without the user's request.
#[derive(Debug)]
pub(crate) enum Failure {
    Terminal(io::Error),
    Ended(EndReason),
    /// A task panicked.
    Broken,
}

/// The outcome of a finished chat.
pub(crate) struct Left {
    pub(crate) result: Result<(), Failure>,
    pub(crate) unsent: Vec<Unsent>,
}

impl From<Failure> for Left {
    fn from(failure: Failure) -> Self {
        Self {
            result: Err(failure),
            unsent: vec![],
        }
    }
}

/// Shows the chat until the user leaves, or it ends.
pub(crate) async fn run(
    terminal: &mut DefaultTerminal,
    session: &Session,
    chat: Chat,
    events: Events,
    signals: &mut Signals,
) -> Left {
    let mut runner = Runner {
        app: App::new(session.user_id().cloned(), |time| {
            time.with_timezone(&Local).naive_local()
        }),
        session: session.clone(),
        chat,
        tasks: JoinSet::new(),
        pane: None,
        is_dirty: true,
        drawn: Instant::now(),
        end: None,
    };
    let result = runner.until_the_end(terminal, events, signals).await;
    runner.tasks.shutdown().await;
    // The program ends even after a timeout.
    drop(tokio::time::timeout(GOODBYE, runner.chat.close()).await);
    let unsent = runner.app.unsent();
    Left { result, unsent }
}

struct Runner {
    app: App,
    session: Session,
    chat: Chat,
    tasks: JoinSet<Input>,
    pane: Option<(usize, usize)>,
    /// Whether the screen needs a redraw.
    is_dirty: bool,
    drawn: Instant,
    end: Option<Option<EndReason>>,
}

impl Runner {
    async fn until_the_end(
        &mut self,
        terminal: &mut DefaultTerminal,
        mut events: Events,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let mut keys = read_keys();
        let mut tick = tokio::time::interval(TICK);
        loop {
            // Redraws also under continuous events.
            if self.is_due() {
                self.draw(terminal).map_err(Failure::Terminal)?;
            }
            tokio::select! {
                biased;
                stop = signals.next() => match stop {
                    Stop::HangUp => return Ok(()),
                    Stop::Interrupt | Stop::Terminate => self.take(Input::Action(Action::Quit)),
                },
                key = keys.recv() => match key {
                    Some(Ok(key)) => self.press(key),
                    Some(Err(error)) => return Err(Failure::Terminal(error)),
                    None => return Ok(()),
                },
                Some(done) = self.tasks.join_next() => match done {
                    Ok(input) => self.take(input),
                    Err(_) => return Err(Failure::Broken),
                },
                event = events.next() => match event {
                    Some(event) => self.take(Input::Chat(event)),
                    None => return Ok(()),
                },
                () = std::future::ready(()), if self.is_dirty => {
                    self.draw(terminal).map_err(Failure::Terminal)?;
                }
                _ = tick.tick() => self.take(Input::Tick),
            }
            match self.end.take() {
                Some(Some(reason)) => return Err(Failure::Ended(reason)),
                Some(None) => return Ok(()),
                None => {}
            }
        }
    }

    fn draw(&mut self, terminal: &mut DefaultTerminal) -> io::Result<()> {
        let screen = Rect::from((Position::ORIGIN, terminal.size()?));
        let pane = view::pane(screen, &self.app);
        if self.pane.replace(pane) != Some(pane) {
            let (columns, rows) = pane;
            self.take(Input::Pane { columns, rows });
        }
        terminal.draw(|frame| view::draw(frame, &self.app, Instant::now()))?;
        self.is_dirty = false;
        self.drawn = Instant::now();
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.is_dirty && self.drawn.elapsed() >= FRAME
    }

    fn press(&mut self, event: TerminalEvent) {
        self.is_dirty = true; // a resize event maps to no action
        if let Some(action) = keys::action(event, self.app.takes_letters()) {
            self.take(Input::Action(action));
        }
    }

    fn take(&mut self, input: Input) {
        self.is_dirty = true;
        for effect in self.app.handle(input, Instant::now()) {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Typing(room, is_typing) => self.chat.typing(&room, is_typing),
            Effect::Quit(reason) => self.end = Some(reason),
            Effect::Ask(question) => {
                let (session, chat) = (self.session.clone(), self.chat.clone());
                self.tasks.spawn(ask(session, chat, question));
            }
        }
    }
}

/// Reads keys on a separate thread, because the blocking read cannot be cancelled.
fn read_keys() -> mpsc::Receiver<io::Result<TerminalEvent>> {
    let (keys, read) = mpsc::channel(KEYS);
    std::thread::spawn(move || {
        loop {
            let key = event::read();
            let is_over = key.is_err();
            if keys.blocking_send(key).is_err() || is_over {
                return;
            }
        }
    });
    read
}
