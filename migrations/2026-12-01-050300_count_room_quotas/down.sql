DROP INDEX rooms_created_by_idx;
DROP TABLE room_additions;
