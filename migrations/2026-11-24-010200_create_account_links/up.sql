-- What links in mails open. The tokens in them are never stored: each is recomputed from the row's id
-- with the server's key, and looked up by its hash.
CREATE TABLE email_verifications (
    id uuid PRIMARY KEY,
    email_id uuid NOT NULL REFERENCES user_emails (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT email_verifications_token_hash_key UNIQUE,
    makes_primary boolean NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE email_verifications IS 'Requests to prove that somebody reads an address.';
COMMENT ON COLUMN email_verifications.token_hash IS 'SHA-256 of the token in the mail.';
COMMENT ON COLUMN email_verifications.makes_primary IS 'Whether the address becomes the primary one with it.';
COMMENT ON COLUMN email_verifications.used_at IS 'When it was used or replaced by a newer one; it is dead since.';
CREATE INDEX email_verifications_email_id_idx ON email_verifications (email_id);

CREATE TABLE password_resets (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT password_resets_token_hash_key UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE password_resets IS 'Requests for another password.';
COMMENT ON COLUMN password_resets.token_hash IS 'SHA-256 of the UUID in the mail.';
COMMENT ON COLUMN password_resets.used_at IS 'When it was used or replaced by a newer one; it is dead since.';
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);

CREATE TABLE email_changes (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    old_email text NOT NULL,
    new_email text NOT NULL,
    undo_hash bytea NOT NULL CONSTRAINT email_changes_undo_hash_key UNIQUE,
    changed_at timestamptz NOT NULL,
    undo_until timestamptz NOT NULL,
    undone_at timestamptz
);
COMMENT ON TABLE email_changes IS 'Changes of primary addresses, which the reader of the old one may undo.';
COMMENT ON COLUMN email_changes.old_email IS 'Lower case; nobody else gets it while the change can be undone.';
COMMENT ON COLUMN email_changes.undo_hash IS 'SHA-256 of the token in the mail to the old address.';
CREATE INDEX email_changes_user_id_idx ON email_changes (user_id, changed_at DESC);
CREATE INDEX email_changes_old_email_idx ON email_changes (lower(old_email)) WHERE undone_at IS NULL;
