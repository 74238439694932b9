-- An account has one primary address, which users.email repeats, and may have more.
CREATE TABLE user_emails (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email text NOT NULL,
    is_primary boolean NOT NULL,
    verified_at timestamptz,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE user_emails IS 'The e-mail addresses of accounts.';
COMMENT ON COLUMN user_emails.email IS 'Lower case.';
COMMENT ON COLUMN user_emails.is_primary IS 'Where mail goes; the same as users.email.';
COMMENT ON COLUMN user_emails.verified_at IS 'When its owner proved that they read what is sent there.';

-- Whoever verifies an address first has it; claims that nobody proved do not keep others from it.
CREATE UNIQUE INDEX user_emails_verified_key ON user_emails (lower(email)) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX user_emails_user_key ON user_emails (user_id, lower(email));
CREATE UNIQUE INDEX user_emails_primary_key ON user_emails (user_id) WHERE is_primary;
CREATE INDEX user_emails_email_idx ON user_emails (lower(email));
-- Registrations that nobody completed are swept out.
CREATE INDEX user_emails_unproved_idx ON user_emails (created_at) WHERE is_primary AND verified_at IS NULL;

-- Everybody who has an account so far was entered by the office.
INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at)
SELECT gen_random_uuid(), id, email, true, created_at, created_at FROM users;

ALTER TABLE users ADD COLUMN deactivated_at timestamptz;
COMMENT ON COLUMN users.deactivated_at IS 'Since when its owner has it hidden; logging in brings it back.';
