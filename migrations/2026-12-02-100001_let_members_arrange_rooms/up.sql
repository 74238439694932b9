ALTER TABLE room_members
    ADD COLUMN muted_until timestamptz,
    ADD COLUMN pinned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN room_members.muted_until IS 'Until then the room does not count for the member''s badge.';
COMMENT ON COLUMN room_members.pinned IS 'The room precedes the others in the member''s list.';

-- How many of a room's unread messages are deleted, by reading those alone. Storing a message does not touch it.
CREATE INDEX messages_deleted_idx ON messages (room_id, seq) WHERE deleted_at IS NOT NULL;
