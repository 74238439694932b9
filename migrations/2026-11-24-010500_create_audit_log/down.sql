DROP TABLE audit_log_head;
DROP TABLE audit_log;
DROP FUNCTION audit_log_is_append_only();
