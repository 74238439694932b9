CREATE TABLE consents (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    version text NOT NULL,
    granted boolean NOT NULL,
    source text NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE consents IS 'What people agreed to and when; a change of mind is another row.';
COMMENT ON COLUMN consents.purpose IS 'What for, such as terms, directory or digest.';
COMMENT ON COLUMN consents.version IS 'Of the text they were shown.';
COMMENT ON COLUMN consents.source IS 'Where they were asked, such as registration.';
CREATE INDEX consents_user_id_idx ON consents (user_id, purpose, created_at DESC);
