CREATE TABLE erasures (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    requested_by uuid REFERENCES users (id) ON DELETE SET NULL,
    reason text NOT NULL,
    requested_at timestamptz NOT NULL,
    runs_at timestamptz NOT NULL
);
COMMENT ON TABLE erasures IS 'Accounts that are to be erased.';
COMMENT ON COLUMN erasures.runs_at IS 'Until then it can be called off.';
CREATE INDEX erasures_runs_at_idx ON erasures (runs_at);
