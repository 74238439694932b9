CREATE TABLE backfills (
    name text PRIMARY KEY,
    position uuid,
    finished_at timestamptz
);
COMMENT ON TABLE backfills IS 'How far existing rows were brought to a new form, in batches, after the migrations.';
COMMENT ON COLUMN backfills.name IS 'Which rows; the program lists the names.';
COMMENT ON COLUMN backfills.position IS 'The key of the last row that was looked at; a backfill that was interrupted goes on after it.';

CREATE TABLE email_conflicts (
    email_id uuid PRIMARY KEY REFERENCES user_emails (id) ON DELETE CASCADE,
    address text NOT NULL,
    holder_id uuid REFERENCES users (id) ON DELETE SET NULL,
    found_at timestamptz NOT NULL
);
COMMENT ON TABLE email_conflicts IS 'Addresses that keep an older spelling, because another account has the canonical one. The office decides.';
COMMENT ON COLUMN email_conflicts.address IS 'The canonical form, with which nobody but its holder logs in.';
COMMENT ON COLUMN email_conflicts.holder_id IS 'The account that verified it first; null once that is gone.';
CREATE INDEX email_conflicts_holder_id_idx ON email_conflicts (holder_id);
