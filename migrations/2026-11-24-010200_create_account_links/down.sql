DROP TABLE email_changes;
DROP TABLE password_resets;
DROP TABLE email_verifications;
