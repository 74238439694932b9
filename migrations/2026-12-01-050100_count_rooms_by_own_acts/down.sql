ALTER TABLE room_members DROP COLUMN takes_part;
