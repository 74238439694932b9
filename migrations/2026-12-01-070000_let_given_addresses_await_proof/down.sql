COMMENT ON COLUMN user_emails.verified_at IS 'When its owner proved that they read what is sent there.';
ALTER TABLE user_emails DROP COLUMN awaits_proof;
