ALTER TABLE email_verifications
    DROP COLUMN approval_hash,
    DROP COLUMN opened_at,
    DROP COLUMN approved_at;
