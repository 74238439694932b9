CREATE TABLE chat_tickets (
    ticket_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    access_expires_at timestamptz NOT NULL
);
COMMENT ON TABLE chat_tickets IS 'One-use tickets for the chat''s handshake; a row is deleted when its ticket is used.';
COMMENT ON COLUMN chat_tickets.ticket_hash IS 'SHA-256 of the ticket, which itself is never stored.';
COMMENT ON COLUMN chat_tickets.access_expires_at IS 'When the access token that bought the ticket expires; the session ends then.';
CREATE INDEX chat_tickets_expires_at_idx ON chat_tickets (expires_at);
