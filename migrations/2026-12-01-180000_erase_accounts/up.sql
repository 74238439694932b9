ALTER TABLE users ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN users.erased_at IS 'Set on a tombstone: the row of an erased account, which names no person any more.';

ALTER TABLE erasures
    ADD COLUMN started_at timestamptz,
    ADD COLUMN stage smallint NOT NULL DEFAULT 0
        CONSTRAINT erasures_stage_not_negative CHECK (stage >= 0),
    ADD COLUMN position uuid,
    ADD COLUMN farewell_id uuid;
COMMENT ON COLUMN erasures.started_at IS 'When the erasure began; it cannot be called off since.';
COMMENT ON COLUMN erasures.stage IS 'Which part of the work is next, so that an interrupted erasure goes on where it was.';
COMMENT ON COLUMN erasures.position IS 'Where in that part; each part says what it means.';
COMMENT ON COLUMN erasures.farewell_id IS 'The last mail to the owner; the erasure waits until it is sent before it forgets the address.';

CREATE TABLE erasure_ledger (
    user_hash bytea PRIMARY KEY CONSTRAINT erasure_ledger_user_hash_length CHECK (length(user_hash) = 32),
    erased_at timestamptz NOT NULL
);
COMMENT ON TABLE erasure_ledger IS 'Accounts that were erased. A restored backup may hold them again, and the ledger names them without their data.';
COMMENT ON COLUMN erasure_ledger.user_hash IS 'SHA-256 of the 16 bytes of the account''s id.';

-- What an account wrote is found by two indexes: messages with a client's id are in
-- messages_client_id_in_room_key, and all others in this one. So no message is in both.
CREATE INDEX messages_without_client_id_idx ON messages (sender_id, id)
    WHERE client_message_id IS NULL;
CREATE INDEX message_reactions_user_id_idx ON message_reactions (user_id);
CREATE INDEX room_invitations_invited_by_idx ON room_invitations (invited_by);
CREATE INDEX email_outbox_recipient_idx ON email_outbox (recipient);
