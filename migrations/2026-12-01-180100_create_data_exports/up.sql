CREATE TABLE data_exports (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT data_exports_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
    task_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    ready_at timestamptz,
    failed_at timestamptz,
    expires_at timestamptz,
    bytes bigint CONSTRAINT data_exports_bytes_not_negative CHECK (bytes >= 0),
    CONSTRAINT data_exports_ready_is_whole CHECK (
        (ready_at IS NULL) = (expires_at IS NULL) AND (ready_at IS NULL) = (bytes IS NULL)),
    CONSTRAINT data_exports_one_end CHECK (ready_at IS NULL OR failed_at IS NULL)
);
COMMENT ON TABLE data_exports IS 'Copies of their data that people asked for. The file is in the store of files, under the export''s id.';
COMMENT ON COLUMN data_exports.id IS 'UUIDv4; names the file too.';
COMMENT ON COLUMN data_exports.task_id IS 'The task that writes the file. No foreign key: the export outlives it.';
COMMENT ON COLUMN data_exports.expires_at IS 'When the file is deleted, and the row with it.';
CREATE INDEX data_exports_user_id_idx ON data_exports (user_id, requested_at DESC);
CREATE INDEX data_exports_expires_at_idx ON data_exports (coalesce(expires_at, failed_at));
