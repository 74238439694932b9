DROP INDEX messages_deleted_idx;
ALTER TABLE room_members DROP COLUMN pinned, DROP COLUMN muted_until;
