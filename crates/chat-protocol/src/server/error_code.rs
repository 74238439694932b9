open_words! {
    /// What went wrong, for a program to act on. The set may grow; a client treats a code it does
    /// not know like `internal`.
    pub enum ErrorCode {
        /// The frame has not the shape that all packets have.
        MalformedPacket = "malformed-packet",
        /// The server knows no packet of this `type`.
        UnknownType = "unknown-type",
        /// A field breaks a rule; the message names both.
        InvalidPayload = "invalid-payload",
        /// The user is not a member of the room, or there is no such room: the two look the same.
        NotAMember = "not-a-member",
        /// The room is archived, or its members may only read.
        ReadOnlyRoom = "read-only-room",
        /// Too many packets in too short a time; `retry_after_ms` says how long to wait.
        RateLimited = "rate-limited",
        /// The other person cannot be written to.
        Blocked = "blocked",
        /// The session's user sent another text to the room under the same `client_message_id`. Profile v2 has it.
        Conflict = "conflict",
        /// There is no such message in the room, or it was deleted. Profile v2 has it.
        NotFound = "not-found",
        /// The message belongs to another user, and the session's user is no moderator of the room. Profile v2 has it.
        Forbidden = "forbidden",
        /// The time in which the message could be changed is over. Profile v2 has it.
        TooLate = "too-late",
        /// The server cannot do it just now, and nothing was stored: send it again.
        Unavailable = "unavailable",
        /// A fault of the server; `reference` finds it in the server's log.
        Internal = "internal",
    }
}

impl ErrorCode {
    /// What may answer any packet.
    pub const COMMON: &'static [Self] = &[
        Self::MalformedPacket,
        Self::UnknownType,
        Self::InvalidPayload,
        Self::RateLimited,
        Self::Unavailable,
        Self::Internal,
    ];
}
