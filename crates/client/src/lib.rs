#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod backoff;
mod chat;
mod client;
mod driver;
mod error;
mod event;
mod http;
mod message;
mod refresh;
mod resume;
mod session;
mod tokens;

pub use abu_chat_protocol as protocol;
// The public API exposes their types, so these re-exports spare applications a matching dependency.
pub use {chrono, rustls, secrecy, uuid};

pub use chat::{Chat, Outgoing, Page};
pub use client::{Client, ClientBuilder};
pub use error::{ApiError, BuildError, ConnectError, EndReason, LogInError, Problem, RequestError};
pub use event::{Event, Events, Interruption};
pub use message::Message;
pub use protocol::{
    CloseCode, Emoji, MessageId, RoomId, UserId,
    client::RoomPosition,
    server::{
        MemberChange, MemberNotify, MemberRole, MessageUpdated, Notification, ParticipantPresence,
        PresenceResponse, Reaction, ReactionNotify, ReadNotify, RoomChange, RoomNotify,
        TypingNotify, Welcome,
    },
};
pub use session::{Invitation, LogIn, Member, Person, Room, Session};
pub use tokens::{AccessToken, BoxFuture, TokenError, TokenSource};
