ALTER TABLE room_members
    ADD COLUMN hidden_at_seq bigint
        CONSTRAINT room_members_hidden_at_seq_not_negative CHECK (hidden_at_seq >= 0);
COMMENT ON COLUMN room_members.hidden_at_seq IS 'The room is hidden from the member while its newest message has at most this place; null where it is shown.';

-- One person archived these for both, and no row says which one: hidden from both until the next message.
UPDATE room_members SET hidden_at_seq = rooms.last_seq FROM rooms
WHERE rooms.id = room_members.room_id AND rooms.kind = 'direct' AND rooms.archived_at IS NOT NULL;
UPDATE rooms SET archived_at = NULL, last_modified = now()
WHERE kind = 'direct' AND archived_at IS NOT NULL;
