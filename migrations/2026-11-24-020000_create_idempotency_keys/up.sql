CREATE TABLE idempotency_keys (
    scope text NOT NULL,
    route text NOT NULL,
    key uuid NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    content_type text,
    location text,
    etag text,
    body bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, route, key),
    CONSTRAINT idempotency_keys_answer_check CHECK ((status IS NULL) = (body IS NULL))
);
COMMENT ON TABLE idempotency_keys IS 'Requests that are done once: the keys their clients gave them, and what they were answered.';
COMMENT ON COLUMN idempotency_keys.scope IS 'Id of the user who asked, or anonymous.';
COMMENT ON COLUMN idempotency_keys.route IS 'Address of the route, with names for its parts; all are POST.';
COMMENT ON COLUMN idempotency_keys.key IS 'The header Idempotency-Key.';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'HMAC-SHA-256 over method, address, content type and body, with a key of the server''s: a body may hold a password.';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer; none while the request is under way.';
COMMENT ON COLUMN idempotency_keys.content_type IS 'Of the answer.';
COMMENT ON COLUMN idempotency_keys.location IS 'Of the answer.';
COMMENT ON COLUMN idempotency_keys.etag IS 'Of the answer.';
COMMENT ON COLUMN idempotency_keys.body IS 'Of the answer, before compression.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When the key was claimed, by which its holder is known; one without an answer counts as abandoned after a minute.';
COMMENT ON COLUMN idempotency_keys.expires_at IS 'When the key may be used for something new.';
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
