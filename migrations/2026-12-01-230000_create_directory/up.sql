CREATE TABLE directory_entries (
    user_id uuid NOT NULL,
    display_name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    name_set text COLLATE "C" NOT NULL,
    name_count smallint NOT NULL,
    terms text[] COLLATE "C" NOT NULL,
    grad_year smallint,
    department_id smallint,
    country_id smallint,
    state_id smallint,
    city text,
    industry_id smallint,
    employer_id integer,
    headline text,
    CONSTRAINT directory_entries_pkey PRIMARY KEY (user_id),
    CONSTRAINT directory_entries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) WITH (fillfactor = 90);
COMMENT ON TABLE directory_entries IS 'Search rows of listed members: what verified graduates may see of each, written with the profile. A hidden field is null, and not among the terms.';
COMMENT ON COLUMN directory_entries.name_key IS 'The folded name, the surname first.';
COMMENT ON COLUMN directory_entries.name_set IS 'The sorted tokens of the name: equal for names that differ in order alone.';
COMMENT ON COLUMN directory_entries.name_count IS 'How many tokens the name has.';
COMMENT ON COLUMN directory_entries.terms IS 'Tokens of names, and facets with their marks, such as #d12 for department 12.';
COMMENT ON COLUMN directory_entries.grad_year IS 'The year of the first award; terms has the years of all.';
COMMENT ON COLUMN directory_entries.department_id IS 'The department of the first award.';
CREATE INDEX directory_entries_name_idx ON directory_entries (name_key, user_id);
-- The newest year first; row comparisons of a keyset need one direction for all columns.
CREATE INDEX directory_entries_year_idx ON directory_entries ((COALESCE(-grad_year, 0)), name_key, user_id);
CREATE INDEX directory_entries_state_idx ON directory_entries (state_id, name_key, user_id) WHERE state_id IS NOT NULL;
CREATE INDEX directory_entries_industry_idx ON directory_entries (industry_id, name_key, user_id) WHERE industry_id IS NOT NULL;
CREATE INDEX directory_entries_employer_idx ON directory_entries (employer_id, name_key, user_id) WHERE employer_id IS NOT NULL;
CREATE INDEX directory_entries_name_set_idx ON directory_entries (name_set, name_key, user_id);
-- A pending list would make one unlucky search or write pay for many writes.
CREATE INDEX directory_entries_terms_idx ON directory_entries USING gin (terms) WITH (fastupdate = off);

CREATE TABLE name_tokens (
    token text COLLATE "C" NOT NULL,
    df integer NOT NULL,
    skeleton text COLLATE "C" NOT NULL,
    deletes text[] COLLATE "C" NOT NULL,
    CONSTRAINT name_tokens_pkey PRIMARY KEY (token),
    CONSTRAINT name_tokens_df_check CHECK (df >= 0)
);
COMMENT ON TABLE name_tokens IS 'Vocabulary of the directory: every token of a search row''s names.';
COMMENT ON COLUMN name_tokens.df IS 'In how many search rows it is, as counted last. Plans depend on it, results do not.';
COMMENT ON COLUMN name_tokens.skeleton IS 'Its consonants as they sound.';
COMMENT ON COLUMN name_tokens.deletes IS 'What its first letters leave without one or two of them: tokens within a few edits share one.';
CREATE INDEX name_tokens_skeleton_idx ON name_tokens (skeleton);
CREATE INDEX name_tokens_deletes_idx ON name_tokens USING gin (deletes) WITH (fastupdate = off);

CREATE TABLE facet_counts (
    term text COLLATE "C" NOT NULL,
    members integer NOT NULL,
    CONSTRAINT facet_counts_pkey PRIMARY KEY (term),
    CONSTRAINT facet_counts_members_check CHECK (members > 0)
);
COMMENT ON TABLE facet_counts IS 'How many search rows have each facet term, as counted every ten minutes.';
COMMENT ON COLUMN facet_counts.term IS 'As in directory_entries.terms; # is all rows.';

CREATE TABLE set_counts (
    kind text COLLATE "C" NOT NULL,
    faculty_id smallint NOT NULL,
    department_id smallint NOT NULL,
    year smallint NOT NULL,
    graduates integer NOT NULL,
    members integer NOT NULL,
    counted_at timestamptz NOT NULL,
    CONSTRAINT set_counts_pkey PRIMARY KEY (kind, faculty_id, department_id, year),
    CONSTRAINT set_counts_kind_check CHECK (kind IN ('faculty', 'department', 'year', 'faculty_year'))
);
COMMENT ON TABLE set_counts IS 'Sizes of fixed sets of graduates, as counted each night. Accounts without verification see them, rounded.';
COMMENT ON COLUMN set_counts.faculty_id IS '0 where the set is not one of a faculty.';
COMMENT ON COLUMN set_counts.department_id IS '0 where the set is not one of a department.';
COMMENT ON COLUMN set_counts.year IS '0 where the set is not one of a year.';
COMMENT ON COLUMN set_counts.graduates IS 'People of the register with such an award.';
COMMENT ON COLUMN set_counts.members IS 'Search rows with such an award.';
