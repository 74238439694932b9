-- Addresses that the previous release writes count as proved, as they do there.
ALTER TABLE user_emails ADD COLUMN awaits_proof boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN user_emails.awaits_proof IS 'The office entered the verified address, and its owner has not opened a link yet: no password reset is mailed to it.';
COMMENT ON COLUMN user_emails.verified_at IS 'Since when the address belongs to the account: its owner proved that they read what is sent there, or the office entered it.';
