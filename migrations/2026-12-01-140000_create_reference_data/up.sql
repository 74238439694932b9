CREATE TABLE reference_lists (
    kind text NOT NULL CONSTRAINT reference_lists_pkey PRIMARY KEY,
    version bigint NOT NULL CONSTRAINT reference_lists_version_check CHECK (version >= 0),
    file_version integer NOT NULL CONSTRAINT reference_lists_file_version_check CHECK (file_version >= 0),
    source text NOT NULL,
    retrieved date,
    last_modified timestamptz NOT NULL
);
COMMENT ON TABLE reference_lists IS 'The lists of reference data. Writers of a list lock its row first.';
COMMENT ON COLUMN reference_lists.version IS 'Rises by one with each change of the list; 0 for a list that nothing has filled.';
COMMENT ON COLUMN reference_lists.file_version IS 'Version of the data file that was loaded last; 0 if none was.';
COMMENT ON COLUMN reference_lists.source IS 'Where the data file has its rows from.';
COMMENT ON COLUMN reference_lists.retrieved IS 'The day on which the source was read.';
INSERT INTO reference_lists (kind, version, file_version, source, last_modified)
SELECT kind, 0, 0, '', now()
FROM unnest(ARRAY['faculties', 'departments', 'programmes', 'degrees', 'states', 'countries', 'industries']) AS kind;

CREATE TABLE faculties (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT faculties_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT faculties_code_key UNIQUE
        CONSTRAINT faculties_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT faculties_successor_fkey REFERENCES faculties (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT faculties_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT faculties_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE faculties IS 'Faculties and schools of the university, past and present. Rows are never deleted.';
COMMENT ON COLUMN faculties.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN faculties.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN faculties.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN faculties.successor_id IS 'What took its place.';
COMMENT ON COLUMN faculties.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN faculties.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

CREATE TABLE departments (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT departments_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT departments_code_key UNIQUE
        CONSTRAINT departments_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    faculty_id smallint NOT NULL CONSTRAINT departments_faculty_fkey REFERENCES faculties (id),
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT departments_successor_fkey REFERENCES departments (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT departments_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT departments_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE departments IS 'Departments of the university, past and present. Rows are never deleted.';
COMMENT ON COLUMN departments.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN departments.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN departments.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN departments.successor_id IS 'What took its place.';
COMMENT ON COLUMN departments.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN departments.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

CREATE INDEX departments_faculty_id_idx ON departments (faculty_id);

CREATE TABLE degrees (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT degrees_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT degrees_code_key UNIQUE
        CONSTRAINT degrees_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    level text NOT NULL CONSTRAINT degrees_level_check CHECK (
        level IN ('certificate', 'diploma', 'bachelor', 'postgraduate_diploma', 'master', 'doctorate')
    ),
    abbreviation text NOT NULL,
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT degrees_successor_fkey REFERENCES degrees (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT degrees_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT degrees_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE degrees IS 'Degrees, diplomas and certificates that the university awards. Rows are never deleted.';
COMMENT ON COLUMN degrees.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN degrees.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN degrees.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN degrees.successor_id IS 'What took its place.';
COMMENT ON COLUMN degrees.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN degrees.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

CREATE TABLE programmes (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT programmes_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT programmes_code_key UNIQUE
        CONSTRAINT programmes_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    department_id smallint NOT NULL CONSTRAINT programmes_department_fkey REFERENCES departments (id),
    degree_id smallint NOT NULL CONSTRAINT programmes_degree_fkey REFERENCES degrees (id),
    valid_from date,
    valid_until date,
    successor_id integer CONSTRAINT programmes_successor_fkey REFERENCES programmes (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT programmes_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT programmes_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE programmes IS 'Programmes of study: a subject, the department that teaches it, and the degree it leads to. Rows are never deleted.';
COMMENT ON COLUMN programmes.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN programmes.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN programmes.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN programmes.successor_id IS 'What took its place.';
COMMENT ON COLUMN programmes.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN programmes.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

CREATE INDEX programmes_department_id_idx ON programmes (department_id);
CREATE INDEX programmes_degree_id_idx ON programmes (degree_id);

CREATE TABLE states (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT states_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT states_code_key UNIQUE
        CONSTRAINT states_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    zone text NOT NULL CONSTRAINT states_zone_check CHECK (
        zone IN ('north_central', 'north_east', 'north_west', 'south_east', 'south_south', 'south_west')
    ),
    iso_code text NOT NULL CONSTRAINT states_iso_code_key UNIQUE,
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT states_successor_fkey REFERENCES states (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT states_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT states_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE states IS 'The states of Nigeria and the Federal Capital Territory. Rows are never deleted.';
COMMENT ON COLUMN states.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN states.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN states.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN states.successor_id IS 'What took its place.';
COMMENT ON COLUMN states.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN states.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

COMMENT ON COLUMN states.iso_code IS 'ISO 3166-2:NG.';

CREATE TABLE countries (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT countries_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT countries_code_key UNIQUE
        CONSTRAINT countries_code_check CHECK (code ~ '^[A-Z]{2}$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT countries_successor_fkey REFERENCES countries (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT countries_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT countries_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE countries IS 'Countries and territories of ISO 3166-1. Rows are never deleted.';
COMMENT ON COLUMN countries.code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN countries.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN countries.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN countries.successor_id IS 'What took its place.';
COMMENT ON COLUMN countries.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN countries.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

CREATE TABLE industries (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT industries_pkey PRIMARY KEY,
    code text COLLATE "C" NOT NULL
        CONSTRAINT industries_code_key UNIQUE
        CONSTRAINT industries_code_check CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 60),
    name text NOT NULL,
    aliases text[] NOT NULL DEFAULT '{}',
    section text NOT NULL CONSTRAINT industries_section_key UNIQUE,
    valid_from date,
    valid_until date,
    successor_id smallint CONSTRAINT industries_successor_fkey REFERENCES industries (id),
    confirmed_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT industries_validity_check CHECK (valid_from <= valid_until),
    CONSTRAINT industries_successor_check CHECK (successor_id <> id)
);
COMMENT ON TABLE industries IS 'Industries: the sections of ISIC Rev. 4 under labels of our own. Rows are never deleted.';
COMMENT ON COLUMN industries.code IS 'Names the row for programs; never changes.';
COMMENT ON COLUMN industries.aliases IS 'Other and former names, by which imports find the row.';
COMMENT ON COLUMN industries.valid_until IS 'The last day on which the row is in use; null as long as it is.';
COMMENT ON COLUMN industries.successor_id IS 'What took its place.';
COMMENT ON COLUMN industries.confirmed_by IS 'What confirms the row, such as a letter of the Registry; null until then.';
COMMENT ON COLUMN industries.edited_at IS 'When the office edited the row last; data files leave such rows alone.';

COMMENT ON COLUMN industries.section IS 'The letter of the section in ISIC Rev. 4.';
