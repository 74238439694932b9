CREATE TABLE email_outbox (
    id uuid PRIMARY KEY,
    recipient text NOT NULL,
    kind text NOT NULL,
    params jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CONSTRAINT email_outbox_state_known CHECK (state IN ('pending', 'sent', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    leased_until timestamptz,
    last_error text,
    failed_at timestamptz,
    sent_at timestamptz,
    CONSTRAINT email_outbox_sent_at_of_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON TABLE email_outbox IS 'Mail to be sent, and for a while what became of it. Holds no secret: links are made when a mail is sent.';
COMMENT ON COLUMN email_outbox.id IS 'UUIDv7; the Message-ID is made of it.';
COMMENT ON COLUMN email_outbox.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN email_outbox.kind IS 'What it is about, such as verify_email; names the templates.';
COMMENT ON COLUMN email_outbox.params IS 'What the templates need to know: names, times, ids.';
COMMENT ON COLUMN email_outbox.state IS 'pending: due at next_attempt_at, or being sent; sent: the mail server took it; dead: given up.';
COMMENT ON COLUMN email_outbox.attempts IS 'How often sending it was tried, an attempt under way included.';
COMMENT ON COLUMN email_outbox.leased_until IS 'Until when it belongs to the worker that claimed it, which knows its claim by this time.';
COMMENT ON COLUMN email_outbox.last_error IS 'Why the last failed attempt failed: a few words, without addresses.';
COMMENT ON COLUMN email_outbox.failed_at IS 'When the last failed attempt failed.';

CREATE INDEX email_outbox_due_idx ON email_outbox (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX email_outbox_sent_idx ON email_outbox (sent_at) WHERE state = 'sent';
CREATE INDEX email_outbox_dead_idx ON email_outbox (id DESC) WHERE state = 'dead';
