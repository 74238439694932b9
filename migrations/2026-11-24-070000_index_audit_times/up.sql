-- What came before a time is read from there on, however much came since.
DROP INDEX audit_log_created_at_idx;
CREATE INDEX audit_log_created_at_idx ON audit_log (created_at DESC, seq DESC);
