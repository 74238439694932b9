CREATE TABLE audit_witnesses (
    seq bigint PRIMARY KEY CONSTRAINT audit_witnesses_seq_positive CHECK (seq > 0),
    hash bytea NOT NULL,
    noted_at timestamptz NOT NULL,
    seal bytea NOT NULL
);
COMMENT ON TABLE audit_witnesses IS 'Heads of the audit log that servers noted, about one an hour. Rows are added and never changed.';
COMMENT ON COLUMN audit_witnesses.seq IS 'The newest entry at that time.';
COMMENT ON COLUMN audit_witnesses.hash IS 'The hash of that entry.';
COMMENT ON COLUMN audit_witnesses.seal IS 'HMAC over seq and hash with a key that is not in the database.';

CREATE TRIGGER audit_witnesses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_witnesses
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
