CREATE TABLE audit_log (
    seq bigint PRIMARY KEY CONSTRAINT audit_log_seq_positive CHECK (seq > 0),
    id uuid NOT NULL CONSTRAINT audit_log_id_key UNIQUE,
    created_at timestamptz NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    target_type text,
    target_id text,
    address text,
    request_id text,
    details text NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE audit_log IS 'Who did what to whom. Rows are added and never changed, and each proves the one before.';
COMMENT ON COLUMN audit_log.seq IS 'Place in the chain: 1, 2, 3 and so on, without gaps.';
COMMENT ON COLUMN audit_log.id IS 'UUIDv7.';
COMMENT ON COLUMN audit_log.actor_id IS 'The account that acted. No foreign key: the entry outlives it.';
COMMENT ON COLUMN audit_log.actor IS 'The kind of actor: user, anonymous, system, or os:NAME for an operator at the machine.';
COMMENT ON COLUMN audit_log.details IS 'A JSON object of texts; kept as text, because its very bytes are hashed.';
COMMENT ON COLUMN audit_log.prev_hash IS 'hash of the entry before; 32 zero bytes in the first one.';
COMMENT ON COLUMN audit_log.hash IS 'SHA-256 over prev_hash and every other column.';

CREATE INDEX audit_log_created_at_idx ON audit_log USING brin (created_at);
CREATE INDEX audit_log_target_idx ON audit_log (target_id, seq DESC);
CREATE INDEX audit_log_target_type_idx ON audit_log (target_type, seq DESC);
CREATE INDEX audit_log_actor_id_idx ON audit_log (actor_id, seq DESC);
CREATE INDEX audit_log_action_idx ON audit_log (action, seq DESC);

-- One row, whose lock puts the entries in a row.
CREATE TABLE audit_log_head (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_log_head_single CHECK (single),
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE audit_log_head IS 'The newest entry of the audit log.';
INSERT INTO audit_log_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
