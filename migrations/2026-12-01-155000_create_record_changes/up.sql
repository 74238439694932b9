CREATE TABLE record_events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    record_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor_id uuid,
    merge_id uuid,
    before jsonb NOT NULL,
    CONSTRAINT record_events_pkey PRIMARY KEY (id),
    CONSTRAINT record_events_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id) ON DELETE CASCADE,
    CONSTRAINT record_events_kind_check CHECK (kind IN ('created', 'changed', 'merged', 'absorbed'))
);
COMMENT ON TABLE record_events IS 'What the office did to records of the register. Imports have import_changes instead.';
COMMENT ON COLUMN record_events.kind IS 'merged: into another record; absorbed: took another record over.';
COMMENT ON COLUMN record_events.actor_id IS 'Null for the operator at the machine.';
COMMENT ON COLUMN record_events.before IS 'The changed fields as they were.';
CREATE INDEX record_events_record_idx ON record_events (record_id, at DESC);

CREATE TABLE record_merges (
    id uuid NOT NULL,
    keep_id uuid NOT NULL,
    drop_id uuid NOT NULL,
    choices jsonb NOT NULL,
    before jsonb NOT NULL,
    moved jsonb NOT NULL,
    keep_modified_at timestamptz NOT NULL,
    actor_id uuid,
    at timestamptz NOT NULL,
    CONSTRAINT record_merges_pkey PRIMARY KEY (id),
    CONSTRAINT record_merges_keep_id_fkey FOREIGN KEY (keep_id) REFERENCES alumni_records (id),
    CONSTRAINT record_merges_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES alumni_records (id)
);
COMMENT ON TABLE record_merges IS 'Merges of two records, with everything that undoing one needs.';
COMMENT ON COLUMN record_merges.choices IS 'Fields that the kept record took from the dropped one.';
COMMENT ON COLUMN record_merges.before IS 'Both records, their awards and their field sources before the merge.';
COMMENT ON COLUMN record_merges.moved IS 'Ids of the awards, claims, invitations and earlier merged records that moved.';
COMMENT ON COLUMN record_merges.keep_modified_at IS 'Change of the kept record that the merge left: a later one is an edit since.';
CREATE INDEX record_merges_keep_idx ON record_merges (keep_id);
CREATE INDEX record_merges_drop_idx ON record_merges (drop_id);

CREATE TABLE record_duplicates (
    left_id uuid NOT NULL,
    right_id uuid NOT NULL,
    reason text NOT NULL,
    found_at timestamptz NOT NULL,
    dismissed_at timestamptz,
    dismissed_by uuid,
    CONSTRAINT record_duplicates_pkey PRIMARY KEY (left_id, right_id),
    CONSTRAINT record_duplicates_left_id_fkey FOREIGN KEY (left_id) REFERENCES alumni_records (id) ON DELETE CASCADE,
    CONSTRAINT record_duplicates_right_id_fkey FOREIGN KEY (right_id) REFERENCES alumni_records (id) ON DELETE CASCADE,
    CONSTRAINT record_duplicates_order_check CHECK (left_id < right_id),
    CONSTRAINT record_duplicates_reason_check CHECK (reason IN ('matric', 'names'))
);
COMMENT ON TABLE record_duplicates IS 'Pairs of records that may be one person, found every night.';
COMMENT ON COLUMN record_duplicates.reason IS 'matric: one matriculation number and degree; names: equal names up to spelling, one department and year.';
COMMENT ON COLUMN record_duplicates.found_at IS 'The last night that found the pair.';
COMMENT ON COLUMN record_duplicates.dismissed_at IS 'When the office said that they are two people. The pair is not listed again.';
CREATE INDEX record_duplicates_right_idx ON record_duplicates (right_id);
