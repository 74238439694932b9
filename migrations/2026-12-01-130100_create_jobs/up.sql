CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    lane text NOT NULL CONSTRAINT jobs_lane_known CHECK (lane IN ('interactive', 'bulk')),
    kind text NOT NULL,
    key text,
    payload jsonb NOT NULL,
    cursor jsonb,
    task_id uuid CONSTRAINT jobs_task_id_fkey REFERENCES tasks (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'pending' CONSTRAINT jobs_state_known CHECK (state IN ('pending', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    leased_until timestamptz,
    canceled_at timestamptz,
    next_payload jsonb,
    next_run_at timestamptz,
    last_error text,
    failed_at timestamptz,
    CONSTRAINT jobs_next_run CHECK ((next_payload IS NULL) = (next_run_at IS NULL))
);
COMMENT ON TABLE jobs IS 'Background work: a row is deleted when its work is done. Dead letters stay until the operator revives or cancels them.';
COMMENT ON COLUMN jobs.id IS 'UUIDv7.';
COMMENT ON COLUMN jobs.lane IS 'interactive: a person waits for it; a worker serves that lane alone. bulk: all else.';
COMMENT ON COLUMN jobs.kind IS 'Names the handler. Workers leave kinds that they do not know to a newer release.';
COMMENT ON COLUMN jobs.key IS 'At most one pending job of a kind has it.';
COMMENT ON COLUMN jobs.payload IS 'What to do: ids and parameters, no personal data.';
COMMENT ON COLUMN jobs.cursor IS 'Checkpoint: how far the work is, written with the effects of the last step.';
COMMENT ON COLUMN jobs.task_id IS 'The task that shows its progress.';
COMMENT ON COLUMN jobs.state IS 'pending: due at next_attempt_at, or under way; dead: given up.';
COMMENT ON COLUMN jobs.attempts IS 'How often it was claimed since the last step that committed, an attempt under way included.';
COMMENT ON COLUMN jobs.leased_until IS 'Until when it belongs to the worker that claimed it. It is the fencing token: each claim and each renewal sets a later one.';
COMMENT ON COLUMN jobs.canceled_at IS 'When it was asked to end; the worker ends it between two steps.';
COMMENT ON COLUMN jobs.next_payload IS 'Work that came with the same key while a worker had the job; it runs after this one.';
COMMENT ON COLUMN jobs.next_run_at IS 'When that work is due.';
COMMENT ON COLUMN jobs.last_error IS 'Why the last failed attempt failed; holds no personal data.';
COMMENT ON COLUMN jobs.failed_at IS 'When the last failed attempt failed.';

CREATE INDEX jobs_due_idx ON jobs (lane, next_attempt_at, id) WHERE state = 'pending';
CREATE UNIQUE INDEX jobs_key ON jobs (kind, key) WHERE key IS NOT NULL AND state = 'pending';
CREATE INDEX jobs_task_id_idx ON jobs (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX jobs_dead_idx ON jobs (id DESC) WHERE state = 'dead';
