ALTER TABLE chat_tickets DROP COLUMN session_id;
DROP TABLE sessions;
