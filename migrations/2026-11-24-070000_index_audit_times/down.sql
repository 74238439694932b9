DROP INDEX audit_log_created_at_idx;
CREATE INDEX audit_log_created_at_idx ON audit_log USING brin (created_at);
