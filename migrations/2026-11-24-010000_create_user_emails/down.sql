ALTER TABLE users DROP COLUMN deactivated_at;
DROP TABLE user_emails;
