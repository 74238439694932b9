ALTER TABLE room_members
    ADD COLUMN last_read_seq bigint NOT NULL DEFAULT 0
        CONSTRAINT room_members_last_read_seq_not_negative CHECK (last_read_seq >= 0);
COMMENT ON COLUMN room_members.last_read_seq IS 'Place of the last message that the member has read, which marks all before it too. What was said before they came counts as read.';

-- Rows are updated whenever somebody reads: room on each page makes these HOT updates.
ALTER TABLE room_members SET (fillfactor = 80);

-- What was said before there were marks counts as read.
UPDATE room_members SET last_read_seq = rooms.last_seq FROM rooms
WHERE rooms.id = room_members.room_id AND rooms.last_seq > 0;
