CREATE TABLE totp_secrets (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE totp_secrets IS 'One-time passwords (RFC 6238) of those who use them.';
COMMENT ON COLUMN totp_secrets.sealed_secret IS 'The shared secret, encrypted with the server''s key.';
COMMENT ON COLUMN totp_secrets.confirmed_at IS 'When a first one-time password proved that the device has the secret; asked for at log-in since.';
COMMENT ON COLUMN totp_secrets.last_step IS 'The time step of the last one-time password that was accepted; it and earlier ones are not good again.';

CREATE TABLE totp_recovery_codes (
    user_id uuid NOT NULL REFERENCES totp_secrets (user_id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
COMMENT ON TABLE totp_recovery_codes IS 'Codes that each stand in for a one-time password once.';
COMMENT ON COLUMN totp_recovery_codes.code_hash IS 'SHA-256 of the code.';
