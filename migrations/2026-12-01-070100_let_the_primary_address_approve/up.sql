ALTER TABLE email_verifications
    ADD COLUMN approval_hash bytea CONSTRAINT email_verifications_approval_hash_key UNIQUE,
    ADD COLUMN opened_at timestamptz,
    ADD COLUMN approved_at timestamptz;
COMMENT ON COLUMN email_verifications.approval_hash IS 'SHA-256 of the token in the mail to the primary address, which approves a further or new address.';
COMMENT ON COLUMN email_verifications.opened_at IS 'When the link to the address was opened, while it waits for the approval.';
COMMENT ON COLUMN email_verifications.approved_at IS 'When the link to the primary address was opened, while it waits for the other one.';
