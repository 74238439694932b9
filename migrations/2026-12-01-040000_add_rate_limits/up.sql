CREATE UNLOGGED TABLE rate_limits (
    key uuid CONSTRAINT rate_limits_pkey PRIMARY KEY,
    full_at timestamptz NOT NULL,
    is_paused boolean NOT NULL DEFAULT false,
    taken integer NOT NULL DEFAULT 1,
    pauses integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE rate_limits IS 'Token buckets (GCRA) of the limits that guard secrets and mailboxes. Unlogged: a crash of the database fills every bucket.';
COMMENT ON COLUMN rate_limits.key IS 'A keyed hash of the limit''s name and of what it counts by.';
COMMENT ON COLUMN rate_limits.full_at IS 'When the bucket is full again.';
COMMENT ON COLUMN rate_limits.is_paused IS 'Whether the bucket gives nothing before it is full.';
COMMENT ON COLUMN rate_limits.taken IS 'Tokens taken since the row was inserted.';
COMMENT ON COLUMN rate_limits.pauses IS 'How often it was emptied and paused.';
COMMENT ON COLUMN rate_limits.expires_at IS 'After this time the row says nothing any more.';

CREATE INDEX rate_limits_expires_at_idx ON rate_limits (expires_at);
