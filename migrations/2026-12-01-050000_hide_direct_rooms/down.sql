ALTER TABLE room_members DROP COLUMN hidden_at_seq;
