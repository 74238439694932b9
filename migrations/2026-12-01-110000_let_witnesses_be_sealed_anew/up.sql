DROP TRIGGER audit_witnesses_append_only ON audit_witnesses;
CREATE TRIGGER audit_witnesses_append_only BEFORE UPDATE OF seq, hash, noted_at OR DELETE OR TRUNCATE ON audit_witnesses
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

COMMENT ON TABLE audit_witnesses IS 'Heads of the audit log that servers noted, about one an hour. Rows are added, and only their seal changes, with the key.';
