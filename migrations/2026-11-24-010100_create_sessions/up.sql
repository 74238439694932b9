CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_name text,
    address text,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    refresh_count bigint NOT NULL DEFAULT 0 CONSTRAINT sessions_refresh_count_not_negative CHECK (refresh_count >= 0),
    refreshed_at timestamptz NOT NULL,
    totp_due boolean NOT NULL DEFAULT false,
    revoked_at timestamptz,
    revoked_because text,
    CONSTRAINT sessions_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoked_because IS NULL)),
    CONSTRAINT sessions_reason_known CHECK (revoked_because IN (
        'log-out', 'log-out-everywhere', 'revoked', 'displaced', 'refresh-reused', 'password-changed', 'password-reset',
        'email-change-undone', 'suspended', 'deactivated', 'erasure'))
);
COMMENT ON TABLE sessions IS 'Log-ins: each is a family of refresh tokens, of which the newest is good.';
COMMENT ON COLUMN sessions.id IS 'UUIDv4; access tokens carry it as sid.';
COMMENT ON COLUMN sessions.device_name IS 'What the client called itself.';
COMMENT ON COLUMN sessions.address IS 'The network of the last use, without the part that names a machine.';
COMMENT ON COLUMN sessions.expires_at IS 'After this time it cannot be refreshed; each refresh moves it.';
COMMENT ON COLUMN sessions.refresh_count IS 'The number in the newest refresh token. Tokens are recomputed from it, and never stored.';
COMMENT ON COLUMN sessions.refreshed_at IS 'When the newest refresh token was first handed out.';
COMMENT ON COLUMN sessions.totp_due IS 'Its user must set up one-time passwords before any permission counts.';

CREATE INDEX sessions_user_id_idx ON sessions (user_id, last_used_at DESC) WHERE revoked_at IS NULL;
-- Those that ended, or expired, so long ago that they are forgotten.
CREATE INDEX sessions_over_since_idx ON sessions (least(revoked_at, expires_at));

ALTER TABLE chat_tickets ADD COLUMN session_id uuid REFERENCES sessions (id) ON DELETE CASCADE;
COMMENT ON COLUMN chat_tickets.session_id IS 'The log-in whose access token bought the ticket; the ticket is worth nothing without one.';
