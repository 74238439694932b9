CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject_id uuid,
    state text NOT NULL DEFAULT 'queued'
        CONSTRAINT tasks_state_known CHECK (state IN ('queued', 'running', 'canceling', 'done', 'failed', 'canceled')),
    phase text,
    done bigint NOT NULL DEFAULT 0 CONSTRAINT tasks_done_not_negative CHECK (done >= 0),
    total bigint CONSTRAINT tasks_total_not_negative CHECK (total >= 0),
    unit text,
    permission text,
    created_by uuid CONSTRAINT tasks_created_by_fkey REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    phase_began_at timestamptz,
    heartbeat_at timestamptz,
    ended_at timestamptz,
    failure text,
    CONSTRAINT tasks_ended CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'failed', 'canceled'))),
    CONSTRAINT tasks_failure_of_failed CHECK ((failure IS NOT NULL) = (state = 'failed'))
);
COMMENT ON TABLE tasks IS 'Long work as the people see it who asked for it; a job does the work. Forgotten some weeks after its end.';
COMMENT ON COLUMN tasks.id IS 'UUIDv4: who knows it may still not see the task.';
COMMENT ON COLUMN tasks.kind IS 'What it does, such as import_judge.';
COMMENT ON COLUMN tasks.subject_id IS 'What it works on, such as an import.';
COMMENT ON COLUMN tasks.state IS 'queued: waits for a worker, or for its next attempt; canceling: ends as soon as its step has ended.';
COMMENT ON COLUMN tasks.phase IS 'The part of the work under way.';
COMMENT ON COLUMN tasks.done IS 'How much of the phase is done, in units.';
COMMENT ON COLUMN tasks.total IS 'How much the phase has; null while that is not known.';
COMMENT ON COLUMN tasks.unit IS 'What is counted, such as rows.';
COMMENT ON COLUMN tasks.permission IS 'Holders of this permission see and cancel the task too; null for its creator alone.';
COMMENT ON COLUMN tasks.created_by IS 'Null for the operator and for the server itself.';
COMMENT ON COLUMN tasks.last_modified IS 'Time of the last change of what is shown.';
COMMENT ON COLUMN tasks.heartbeat_at IS 'When a worker last wrote progress.';
COMMENT ON COLUMN tasks.failure IS 'Why it failed, for its creator; holds no personal data.';

CREATE INDEX tasks_created_by_idx ON tasks (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX tasks_ended_idx ON tasks (ended_at) WHERE ended_at IS NOT NULL;
