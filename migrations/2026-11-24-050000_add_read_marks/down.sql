ALTER TABLE room_members RESET (fillfactor);
ALTER TABLE room_members DROP COLUMN last_read_seq;
