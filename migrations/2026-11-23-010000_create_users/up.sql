CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    firstname text NOT NULL,
    middlename text,
    lastname text NOT NULL,
    phone text,
    is_active boolean NOT NULL DEFAULT true,
    is_superuser boolean NOT NULL DEFAULT false,
    verification text NOT NULL DEFAULT 'unverified'
        CONSTRAINT users_verification_known
        CHECK (verification IN ('unverified', 'pending', 'verified', 'revoked')),
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL
);
COMMENT ON TABLE users IS 'Accounts. A graduate''s entry in the register is another thing, linked by a claim.';
COMMENT ON COLUMN users.id IS 'UUIDv4; the only identifier clients ever see.';
COMMENT ON COLUMN users.email IS 'Lower case.';
COMMENT ON COLUMN users.password_hash IS 'bcrypt, in its modular crypt form.';
COMMENT ON COLUMN users.phone IS 'E.164, such as +2348031234567.';
COMMENT ON COLUMN users.is_active IS 'False while suspended: no log-in, no request, no chat.';
COMMENT ON COLUMN users.is_superuser IS 'Holds every permission, whatever the groups say.';
COMMENT ON COLUMN users.verification IS 'Whether the university knows this person as a graduate.';

CREATE UNIQUE INDEX users_email_key ON users (lower(email));
-- The staff's list: newest first, and what a name or an address starts with.
CREATE INDEX users_created_at_idx ON users (created_at DESC, id DESC);
CREATE INDEX users_verification_idx ON users (verification, created_at DESC, id DESC);
CREATE INDEX users_suspended_idx ON users (created_at DESC, id DESC) WHERE NOT is_active;
CREATE INDEX users_superusers_idx ON users (id) WHERE is_superuser;
CREATE INDEX users_email_prefix_idx ON users (lower(email) text_pattern_ops);
CREATE INDEX users_firstname_prefix_idx ON users (lower(firstname) text_pattern_ops);
CREATE INDEX users_lastname_prefix_idx ON users (lower(lastname) text_pattern_ops);
