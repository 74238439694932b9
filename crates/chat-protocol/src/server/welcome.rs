use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{SessionId, UserId};

payload! {
    /// The session is open.
    ///
    /// Sent by the server to the session itself, before any other packet. A client keeps to the limits,
    /// and takes the connection for lost when it has heard nothing, not even a ping, for as long as
    /// `heartbeat` says.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/welcome.json")]
    /// ```
    pub struct Welcome {
        /// This session, to be quoted when asking for help.
        pub session_id: SessionId,
        /// Whom the session belongs to.
        pub user_id: UserId,
        /// What time it is for the server.
        pub server_time: DateTime<Utc>,
        /// When the access token expires, and the session with it unless the token is renewed.
        pub token_expires_at: DateTime<Utc>,
        /// How each side knows that the other is there.
        pub heartbeat: Heartbeat,
        /// What the server takes.
        pub limits: Limits,
    }
}

payload! {
    /// How each side of a connection knows that the other is there.
    pub struct Heartbeat {
        /// After how many milliseconds of silence the server pings.
        pub ping_interval_ms: u64,
        /// After how many milliseconds of silence the server ends the session, and a client should
        /// take the connection for lost.
        pub idle_timeout_ms: u64,
    }
}

payload! {
    /// What the server takes from a session.
    pub struct Limits {
        /// The most bytes of a packet; a larger one ends the session with 1009.
        pub max_frame_bytes: u64,
        /// The most Unicode characters of a message.
        pub max_message_characters: u64,
        /// For how many milliseconds the sender of a message may edit or delete it.
        pub edit_window_ms: u64,
        /// The most messages the user may send in a second; left out where there is no limit.
        pub messages_per_second: Option<u64>,
        /// The most messages the user may send in a minute; left out where there is no limit.
        pub messages_per_minute: Option<u64>,
        /// The most bytes of text that the user may send in messages and edits at once; left out where there is no
        /// limit.
        pub message_bytes_at_once: Option<u64>,
        /// The same in a minute.
        pub message_bytes_per_minute: Option<u64>,
        /// The most packets the session may send in a second; left out where there is no limit.
        pub packets_per_second: Option<u64>,
    }
}

impl Welcome {
    /// The session of a user.
    pub fn new(
        session_id: impl Into<SessionId>,
        user_id: impl Into<UserId>,
        server_time: DateTime<Utc>,
        token_expires_at: DateTime<Utc>,
        heartbeat: Heartbeat,
        limits: Limits,
    ) -> Self {
        Self {
            session_id: session_id.into(),
            user_id: user_id.into(),
            server_time,
            token_expires_at,
            heartbeat,
            limits,
        }
    }
}

impl Heartbeat {
    /// A ping after `ping_interval` of silence, the end after `idle_timeout`.
    pub fn new(ping_interval: Duration, idle_timeout: Duration) -> Self {
        Self {
            ping_interval_ms: whole_milliseconds(ping_interval),
            idle_timeout_ms: whole_milliseconds(idle_timeout),
        }
    }
}

impl Limits {
    /// Limits of size and time, without any of speed.
    pub fn new(max_frame_bytes: u64, max_message_characters: u64, edit_window: Duration) -> Self {
        Self {
            max_frame_bytes,
            max_message_characters,
            edit_window_ms: whole_milliseconds(edit_window),
            messages_per_second: None,
            messages_per_minute: None,
            message_bytes_at_once: None,
            message_bytes_per_minute: None,
            packets_per_second: None,
        }
    }

    /// With limits of speed.
    #[must_use]
    pub fn with_rates(
        self,
        messages_per_second: u64,
        messages_per_minute: u64,
        packets_per_second: u64,
    ) -> Self {
        Self {
            messages_per_second: Some(messages_per_second),
            messages_per_minute: Some(messages_per_minute),
            packets_per_second: Some(packets_per_second),
            ..self
        }
    }

    /// With limits of the text of messages and edits.
    #[must_use]
    pub fn with_message_bytes(self, at_once: u64, per_minute: u64) -> Self {
        Self {
            message_bytes_at_once: Some(at_once),
            message_bytes_per_minute: Some(per_minute),
            ..self
        }
    }
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
