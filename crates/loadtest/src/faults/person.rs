//! A verifying client: it chats, reconnects, sends unconfirmed messages again, and notes all outcomes.

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use abu_chat_protocol::{
    RequestRef, ServerPacket,
    client::{ListMessageRequest, MAX_HISTORY_LIMIT, MessageSend, Order},
    server::{self, ErrorCode, MessageReceive},
};
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    endpoint::Endpoint,
    socket::{Heard, Socket},
};
use crate::{
    community::{self, Place},
    tokens::Signer,
};

/// From the outcome of a message to the next one.
const PACE: Duration = Duration::from_millis(200);
/// After a refusal; under the server's limit of errors a minute.
const REFUSED_PAUSE: Duration = Duration::from_millis(1_100);
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
const HISTORY_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Acknowledged,
    /// Answered with an error: not stored.
    Refused,
    /// Neither, when the row was over.
    Unanswered,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) sent: Instant,
    pub(super) settled: Instant,
    pub(super) outcome: Outcome,
}

/// Messages with their `seq`, in the order of arrival.
pub(super) type View = Vec<(u64, String)>;

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) room: u32,
    pub(super) messages: Vec<Message>,
    /// What each connection received.
    pub(super) views: Vec<View>,
    /// The room's history after the fault; `None` where it could not be read.
    pub(super) history: Option<View>,
    /// Errors that no fault explains.
    pub(super) complaints: Vec<String>,
}

/// What the row tells all people, and hears from them.
#[derive(Default)]
pub(super) struct Controls {
    pub(super) silent: AtomicBool,
    pub(super) over: AtomicBool,
    /// A new number makes each person cut the connection behind the next message.
    pub(super) cut: AtomicU32,
    pub(super) standings: Mutex<Vec<Standing>>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// When the last acknowledged message was sent.
    pub(super) acknowledged: Option<Instant>,
    /// A message waits for its outcome.
    pub(super) waits: bool,
}

pub(super) struct Person {
    pub(super) number: usize,
    pub(super) place: Place,
    pub(super) user: u32,
    pub(super) text_length: usize,
    pub(super) endpoint: Endpoint,
    pub(super) signer: Signer,
    pub(super) controls: Arc<Controls>,
}

/// The message that waits for its outcome.
struct Open {
    text: String,
    name: RequestRef,
    id: Uuid,
    sent: Instant,
    /// Sent on an earlier connection too: an error answers the last attempt alone.
    sent_again: bool,
}

struct Chat<'a> {
    person: &'a Person,
    notes: Notes,
    open: Option<Open>,
    said: u32,
    next_at: Instant,
    cuts: u32,
}

impl Person {
    /// Chats until the row is over, then reads the history.
    pub(super) fn run(self) -> Notes {
        let mut chat = Chat {
            person: &self,
            notes: Notes {
                room: self.place.room,
                ..Notes::default()
            },
            open: None,
            said: 0,
            next_at: Instant::now(),
            cuts: 0,
        };
        while !self.controls.over.load(Ordering::Relaxed) {
            match self.connect() {
                Some(socket) => chat.converse(socket),
                None => thread::sleep(RECONNECT_PAUSE),
            }
        }
        if chat.open.is_some() {
            chat.settle(Outcome::Unanswered);
        }
        let mut notes = chat.notes;
        notes.history = self.read_history();
        notes
    }

    fn connect(&self) -> Option<Socket> {
        let token = self.signer.token(self.user).ok()?;
        Socket::connect(self.endpoint.http(), &token, None).ok()
    }

    fn read_history(&self) -> Option<View> {
        let until = Instant::now() + HISTORY_TIMEOUT;
        while Instant::now() < until {
            if let Some(history) = self
                .connect()
                .and_then(|socket| self.read_pages(socket, until))
            {
                return Some(history);
            }
            thread::sleep(RECONNECT_PAUSE);
        }
        None
    }

    fn read_pages(&self, mut socket: Socket, until: Instant) -> Option<View> {
        let name = RequestRef::new("history").ok()?;
        let mut history = View::new();
        loop {
            let mut request = ListMessageRequest::new(community::room_id(self.place.room));
            request.limit = NonZeroU64::new(MAX_HISTORY_LIMIT.into());
            request.skip = Some(history.len() as u64);
            request.order = Some(Order::Asc);
            socket.send(request, &name).ok()?;
            let page = loop {
                match socket.hear() {
                    Heard::Packet(packet, answers) if answers.as_ref() == Some(&name) => {
                        match *packet {
                            ServerPacket::ListMessageResponse(page) => break page,
                            _ => return None,
                        }
                    }
                    Heard::End(_) => return None,
                    _ if Instant::now() >= until => return None,
                    _ => {}
                }
            };
            let total = page.total_count;
            let before = history.len();
            history.extend(page.messages.into_iter().map(entry));
            if history.len() as u64 >= total {
                return Some(history);
            }
            if history.len() == before {
                return None;
            }
        }
    }
}

fn entry(message: MessageReceive) -> (u64, String) {
    (message.seq.map_or(0, NonZeroU64::get), message.message)
}

impl Chat<'_> {
    /// One connection, to its end.
    fn converse(&mut self, mut socket: Socket) {
        self.notes.views.push(View::new());
        if let Some(open) = &mut self.open {
            open.sent_again = true;
            self.next_at = Instant::now();
        }
        let mut is_sent = false;
        while !self.person.controls.over.load(Ordering::Relaxed) {
            if !is_sent && self.has_something_to_say() {
                if self.say(&mut socket).is_err() {
                    return;
                }
                is_sent = true;
                if self.is_cut() {
                    return socket.cut();
                }
            }
            match socket.hear() {
                Heard::Packet(packet, answers) => {
                    if self.note(*packet, answers.as_ref()) {
                        is_sent = false;
                    }
                }
                Heard::Nothing => {}
                Heard::End(_) => return,
                Heard::Unreadable(text) => {
                    self.notes
                        .complaints
                        .push(format!("a packet that is none: {text}"));
                }
            }
        }
    }

    fn has_something_to_say(&self) -> bool {
        let is_silent = self.person.controls.silent.load(Ordering::Relaxed);
        Instant::now() >= self.next_at && (self.open.is_some() || !is_silent)
    }

    fn say(&mut self, socket: &mut Socket) -> std::io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(new_message(self.person, &mut self.said)),
        };
        let room = community::room_id(self.person.place.room);
        let packet = MessageSend::new(room, open.text.clone()).with_client_message_id(open.id);
        let name = open.name.clone();
        self.stand(|standing| standing.waits = true);
        socket.send(packet, &name)
    }

    fn is_cut(&mut self) -> bool {
        let cut = self.person.controls.cut.load(Ordering::Relaxed);
        let is_new = cut != self.cuts;
        self.cuts = cut;
        is_new
    }

    /// Returns whether the open message has its answer.
    fn note(&mut self, packet: ServerPacket, answers: Option<&RequestRef>) -> bool {
        let open = self.open.as_ref();
        let open = open.filter(|open| answers == Some(&open.name));
        let sent_again = open.is_some_and(|open| open.sent_again);
        let is_answer = open.is_some();
        match packet {
            ServerPacket::MessageReceive(message) => {
                self.see(message, is_answer && sent_again);
                if is_answer {
                    self.settle(Outcome::Acknowledged);
                    self.next_at = Instant::now() + PACE;
                }
                is_answer
            }
            ServerPacket::Error(error) => {
                self.complain_of(&error);
                self.next_at = Instant::now() + REFUSED_PAUSE;
                if is_answer && !sent_again {
                    self.settle(Outcome::Refused);
                }
                is_answer
            }
            _ => false,
        }
    }

    /// The answer to a repeated message may be an old message, out of the order of arrival.
    fn see(&mut self, message: MessageReceive, may_be_old: bool) {
        let Some(view) = self.notes.views.last_mut() else {
            return;
        };
        let entry = entry(message);
        let is_next = view.last().is_some_and(|last| last.0 + 1 == entry.0);
        if is_next || !may_be_old {
            view.push(entry);
        }
    }

    fn complain_of(&mut self, error: &server::Error) {
        if error.code != ErrorCode::Unavailable {
            let code = error.code.as_str();
            let message = &error.message;
            self.notes
                .complaints
                .push(format!("error {code}: {message}"));
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.stand(|standing| {
            standing.waits = false;
            if outcome == Outcome::Acknowledged {
                standing.acknowledged = Some(open.sent);
            }
        });
        self.notes.messages.push(Message {
            text: open.text,
            sent: open.sent,
            settled: Instant::now(),
            outcome,
        });
    }

    fn stand(&self, change: impl FnOnce(&mut Standing)) {
        if let Some(standing) = self
            .person
            .controls
            .standings
            .lock()
            .get_mut(self.person.number)
        {
            change(standing);
        }
    }
}

fn new_message(person: &Person, said: &mut u32) -> Open {
    *said += 1;
    let Place { room, member } = person.place;
    let text = format!("room {room} member {member} message {said}");
    Open {
        text: format!("{text:.<length$}", length = person.text_length),
        name: name_of(*said),
        id: Uuid::new_v4(),
        sent: Instant::now(),
        sent_again: false,
    }
}

#[expect(clippy::expect_used, reason = "a number has ten digits at most")]
pub(super) fn name_of(number: u32) -> RequestRef {
    RequestRef::new(number.to_string()).expect("a short name")
}
