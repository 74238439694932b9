CREATE TABLE imports (
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    file_name text NOT NULL,
    file_hash bytea NOT NULL,
    file_key text,
    bytes bigint NOT NULL,
    encoding text,
    delimiter text,
    mapping jsonb NOT NULL,
    mapping_hash bytea NOT NULL,
    legal_basis text NOT NULL,
    commit_when_judged boolean NOT NULL DEFAULT false,
    lines bigint NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}',
    unknown_values jsonb NOT NULL DEFAULT '[]',
    failure text,
    run_id uuid,
    heartbeat_at timestamptz,
    task_id uuid,
    created_by uuid,
    created_at timestamptz NOT NULL,
    judged_at timestamptz,
    committed_by uuid,
    committed_at timestamptz,
    last_modified timestamptz NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (id),
    CONSTRAINT imports_kind_check CHECK (kind IN ('awards')),
    CONSTRAINT imports_state_check CHECK (state IN ('uploaded', 'judging', 'judged', 'committing', 'committed', 'rolling_back', 'rolled_back', 'failed', 'discarded')),
    CONSTRAINT imports_run_check CHECK ((state IN ('judging', 'committing', 'rolling_back')) = (run_id IS NOT NULL))
);
COMMENT ON TABLE imports IS 'Files of graduates that the office uploaded. Rows stay; the files go.';
COMMENT ON COLUMN imports.file_hash IS 'SHA-256 of the file.';
COMMENT ON COLUMN imports.file_key IS 'Key in the file store; null once the file is deleted.';
COMMENT ON COLUMN imports.mapping_hash IS 'SHA-256 of the mapping as canonical JSON.';
COMMENT ON COLUMN imports.legal_basis IS 'Why the office may process the data, in its own words.';
COMMENT ON COLUMN imports.commit_when_judged IS 'Whether the import is no dry run: the commit follows the judgment.';
COMMENT ON COLUMN imports.lines IS 'Number of records in the file, without its header.';
COMMENT ON COLUMN imports.counts IS 'Number of lines by verdict.';
COMMENT ON COLUMN imports.unknown_values IS 'Distinct values that the mapping lacks, with the number of their lines.';
COMMENT ON COLUMN imports.failure IS 'Why the last step failed; null if it did not.';
COMMENT ON COLUMN imports.run_id IS 'The process that works on the import, while one does; the fencing token of its commit.';
COMMENT ON COLUMN imports.heartbeat_at IS 'Last sign of life of that process. A later one takes over a minute after it.';
COMMENT ON COLUMN imports.task_id IS 'The newest task about the import.';
COMMENT ON COLUMN imports.created_by IS 'Null for the operator at the machine.';
COMMENT ON COLUMN imports.judged_at IS 'Time before the judgment read the register.';
CREATE INDEX imports_list_idx ON imports (created_at DESC, id DESC);
CREATE UNIQUE INDEX imports_once_key ON imports (file_hash, mapping_hash)
    WHERE state NOT IN ('failed', 'discarded', 'rolled_back');
CREATE UNIQUE INDEX imports_running_key ON imports ((true))
    WHERE state IN ('judging', 'committing', 'rolling_back');
COMMENT ON INDEX imports_running_key IS 'One import runs at a time.';

CREATE TABLE alumni_records (
    id uuid NOT NULL,
    surname text NOT NULL,
    given_names text NOT NULL,
    previous_names text[] NOT NULL DEFAULT '{}',
    name_tokens text[] COLLATE "C" NOT NULL,
    email text,
    phone text,
    date_of_birth date,
    state text NOT NULL DEFAULT 'active',
    merged_into uuid,
    created_by_import uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT alumni_records_pkey PRIMARY KEY (id),
    CONSTRAINT alumni_records_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES alumni_records (id),
    CONSTRAINT alumni_records_state_check CHECK (state IN ('active', 'merged', 'restricted')),
    CONSTRAINT alumni_records_merged_check CHECK ((state = 'merged') = (merged_into IS NOT NULL))
);
COMMENT ON TABLE alumni_records IS 'The register of graduates, one row a person. Members never see it.';
COMMENT ON COLUMN alumni_records.name_tokens IS 'Distinct tokens of surname and given names, sorted by bytes.';
COMMENT ON COLUMN alumni_records.merged_into IS 'The record that replaced this one.';
COMMENT ON COLUMN alumni_records.created_by_import IS 'The import that created the record: the source of each field that record_field_sources does not name. Null for records of the office. Without a foreign key, which would check a million times that one row exists; imports are never deleted.';
COMMENT ON COLUMN alumni_records.version IS 'Rises with each change of the record or of one of its awards.';
CREATE INDEX alumni_records_tokens_idx ON alumni_records USING gin (name_tokens);
CREATE INDEX alumni_records_email_idx ON alumni_records (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX alumni_records_import_idx ON alumni_records (created_by_import) WHERE created_by_import IS NOT NULL;
CREATE INDEX alumni_records_merged_idx ON alumni_records (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE awards (
    id uuid NOT NULL,
    record_id uuid NOT NULL,
    programme_id integer,
    department_id smallint,
    degree_id smallint NOT NULL,
    year smallint NOT NULL,
    class_of_degree text,
    matric_raw text,
    matric_norm text COLLATE "C",
    created_by_import uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT awards_pkey PRIMARY KEY (id),
    CONSTRAINT awards_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id),
    CONSTRAINT awards_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES programmes (id),
    CONSTRAINT awards_department_id_fkey FOREIGN KEY (department_id) REFERENCES departments (id),
    CONSTRAINT awards_degree_id_fkey FOREIGN KEY (degree_id) REFERENCES degrees (id),
    CONSTRAINT awards_year_check CHECK (year BETWEEN 1962 AND 2100)
);
COMMENT ON TABLE awards IS 'Degrees and diplomas of the people in the register.';
COMMENT ON COLUMN awards.matric_raw IS 'The matriculation number as the source spells it.';
COMMENT ON COLUMN awards.matric_norm IS 'Its letters and digits alone, upper case. Not unique: a person may have several awards, and clerks err.';
COMMENT ON COLUMN awards.created_by_import IS 'As in alumni_records.';
CREATE INDEX awards_record_idx ON awards (record_id);
CREATE INDEX awards_matric_idx ON awards (matric_norm, degree_id) WHERE matric_norm IS NOT NULL;
CREATE INDEX awards_set_idx ON awards (department_id, year);
CREATE INDEX awards_import_idx ON awards (created_by_import) WHERE created_by_import IS NOT NULL;

CREATE TABLE record_field_sources (
    id bigint GENERATED ALWAYS AS IDENTITY,
    record_id uuid NOT NULL,
    award_id uuid,
    field text NOT NULL,
    source text NOT NULL,
    import_id uuid,
    actor_id uuid,
    changed_at timestamptz NOT NULL,
    CONSTRAINT record_field_sources_pkey PRIMARY KEY (id),
    CONSTRAINT record_field_sources_key UNIQUE NULLS NOT DISTINCT (record_id, award_id, field),
    CONSTRAINT record_field_sources_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id) ON DELETE CASCADE,
    CONSTRAINT record_field_sources_award_id_fkey FOREIGN KEY (award_id) REFERENCES awards (id) ON DELETE CASCADE,
    CONSTRAINT record_field_sources_source_check CHECK (source IN ('import', 'office', 'self', 'merge'))
);
COMMENT ON TABLE record_field_sources IS 'Provenance of a field whose source is not the import that created the record.';
COMMENT ON COLUMN record_field_sources.award_id IS 'Null for a field of the record itself.';
COMMENT ON COLUMN record_field_sources.source IS 'Imports never overwrite fields of the sources office and self.';
CREATE INDEX record_field_sources_award_idx ON record_field_sources (award_id) WHERE award_id IS NOT NULL;

CREATE UNLOGGED TABLE import_rows (
    import_id uuid NOT NULL,
    line integer NOT NULL,
    defects text[] NOT NULL,
    surname text,
    given_names text,
    name_tokens text[] COLLATE "C",
    matric_raw text,
    matric_norm text COLLATE "C",
    department_id smallint,
    programme_id integer,
    degree_id smallint,
    year smallint,
    class_of_degree text,
    email text,
    phone text,
    date_of_birth date,
    CONSTRAINT import_rows_pkey PRIMARY KEY (import_id, line)
);
COMMENT ON TABLE import_rows IS 'Staged lines of imports. Unlogged: a crash of the database empties it, and the stored file fills it again.';
COMMENT ON COLUMN import_rows.defects IS 'Why the line is malformed or holds unknown values; empty otherwise.';

CREATE UNLOGGED TABLE import_verdicts (
    import_id uuid NOT NULL,
    line integer NOT NULL,
    state text NOT NULL,
    reasons text[] NOT NULL,
    record_id uuid,
    award_id uuid,
    record_version bigint,
    diff jsonb,
    CONSTRAINT import_verdicts_pkey PRIMARY KEY (import_id, line)
);
COMMENT ON TABLE import_verdicts IS 'The verdict on each staged line. Written once, by one statement.';
COMMENT ON COLUMN import_verdicts.record_id IS 'The record that the line matches; the id of the new record if the line is ready.';
COMMENT ON COLUMN import_verdicts.award_id IS 'The award that the line matches; the id of the new award if there is none.';
COMMENT ON COLUMN import_verdicts.record_version IS 'Version of the record as judged; null for a new one.';
COMMENT ON COLUMN import_verdicts.diff IS 'Changed fields with their values before and after, and fields kept because their source outranks an import.';

CREATE TABLE import_changes (
    import_id uuid NOT NULL,
    record_id uuid NOT NULL,
    before jsonb NOT NULL,
    after_version bigint NOT NULL,
    CONSTRAINT import_changes_pkey PRIMARY KEY (import_id, record_id),
    CONSTRAINT import_changes_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports (id),
    CONSTRAINT import_changes_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id) ON DELETE CASCADE
);
COMMENT ON TABLE import_changes IS 'What imports overwrote, for their roll-back.';
COMMENT ON COLUMN import_changes.before IS 'The record, its changed awards and its field sources before the import.';
COMMENT ON COLUMN import_changes.after_version IS 'Version of the record that the import left.';
CREATE INDEX import_changes_record_idx ON import_changes (record_id);
