//! The bounds of the chat.

use std::time::Duration;

use abu_application::messaging::budget::MessageLimits;

/// Every limit of the chat; the server's configuration names and explains each one.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// The largest packet taken, in bytes; a larger one ends the session with 1009.
    pub max_frame_bytes: usize,
    /// The most fragments of a packet; more end the session with 1008.
    pub max_fragments: u32,
    /// How long a connection may send nothing before it is pinged.
    pub ping_interval: Duration,
    /// How long a connection may send nothing, not even a pong, before its session ends.
    pub idle_timeout: Duration,
    /// How long a client may take to answer a close, before its connection is cut.
    pub close_timeout: Duration,
    /// The most sessions of one user at a time; one more is refused with 429.
    pub max_sessions_per_user: usize,
    /// How many bytes may wait for a slow reader before its session ends with 4002.
    pub outbox_max_bytes: usize,
    /// The kernel's send buffer of a connection that carries a chat, in bytes; the listener sets it.
    pub send_buffer_bytes: usize,
    /// Whether messages and packets are counted at all.
    pub rate_limits_enabled: bool,
    /// Messages a user may send in a second.
    pub messages_per_second: u32,
    /// Messages a user may send in a minute.
    pub messages_per_minute: u32,
    /// Bytes of text a user may send at once.
    pub message_bytes_at_once: u32,
    /// Bytes of text a user may send in a minute.
    pub message_bytes_per_minute: u32,
    /// Packets of any kind a session may send in a second; control frames and empty fragments count too.
    pub packets_per_second: u32,
    /// Errors a session may cause in a minute before it ends with 1008.
    pub errors_per_minute: u32,
    /// Listeners that a user's notices (typing, presence, read marks, reactions, changes of rooms) may reach in
    /// a minute; above it they are coalesced.
    pub notices_per_minute: u32,
    /// The most members of a room that hear who types; 0 for no limit.
    pub typing_room_limit: u32,
    /// Silence after which typing counts as over.
    pub typing_timeout: Duration,
    /// How many batches of instructions may wait for one worker thread before publishers wait for it.
    pub worker_queue: usize,
}

impl ChatSettings {
    /// Not configurable: no client needs as many.
    pub const MAX_FRAGMENTS: u32 = 1_024;

    /// What a user may send, over the chat and REST together.
    pub fn message_limits(&self) -> MessageLimits {
        MessageLimits {
            per_second: self.messages_per_second,
            per_minute: self.messages_per_minute,
            bytes_at_once: self.message_bytes_at_once,
            bytes_per_minute: self.message_bytes_per_minute,
        }
    }
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            max_frame_bytes: 64 * 1024,
            max_fragments: Self::MAX_FRAGMENTS,
            ping_interval: Duration::from_secs(25),
            idle_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
            max_sessions_per_user: 10,
            outbox_max_bytes: 192 * 1024,
            send_buffer_bytes: 32 * 1024,
            rate_limits_enabled: true,
            messages_per_second: 10,
            messages_per_minute: 120,
            message_bytes_at_once: 64 * 1024,
            message_bytes_per_minute: 256 * 1024,
            packets_per_second: 50,
            errors_per_minute: 60,
            notices_per_minute: 20_000,
            typing_room_limit: 200,
            typing_timeout: Duration::from_secs(10),
            worker_queue: 16_384,
        }
    }
}
