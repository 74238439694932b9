CREATE TABLE employers (
    id integer GENERATED ALWAYS AS IDENTITY,
    uuid uuid NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    state text NOT NULL DEFAULT 'proposed',
    merged_into integer,
    uses integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT employers_pkey PRIMARY KEY (id),
    CONSTRAINT employers_uuid_key UNIQUE (uuid),
    CONSTRAINT employers_name_key_key UNIQUE (name_key),
    CONSTRAINT employers_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES employers (id),
    CONSTRAINT employers_state_check CHECK (state IN ('proposed', 'confirmed', 'merged')),
    CONSTRAINT employers_merged_check CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CONSTRAINT employers_uses_check CHECK (uses >= 0)
);
COMMENT ON TABLE employers IS 'Employers as members name them, each spelling once.';
COMMENT ON COLUMN employers.uuid IS 'Names the row for programs.';
COMMENT ON COLUMN employers.name IS 'As its first user or the office spells it.';
COMMENT ON COLUMN employers.name_key IS 'The name without case, accents and punctuation.';
COMMENT ON COLUMN employers.state IS 'A proposed name is neither suggested to others nor a filter; three users or the office confirm it.';
COMMENT ON COLUMN employers.merged_into IS 'What the name stands for; that row is not merged itself.';
COMMENT ON COLUMN employers.uses IS 'How many members name it, as counted last.';
CREATE INDEX employers_state_idx ON employers (state, name_key, id);
CREATE INDEX employers_merged_into_idx ON employers (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE skills (
    id integer GENERATED ALWAYS AS IDENTITY,
    uuid uuid NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    state text NOT NULL DEFAULT 'proposed',
    merged_into integer,
    uses integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT skills_pkey PRIMARY KEY (id),
    CONSTRAINT skills_uuid_key UNIQUE (uuid),
    CONSTRAINT skills_name_key_key UNIQUE (name_key),
    CONSTRAINT skills_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES skills (id),
    CONSTRAINT skills_state_check CHECK (state IN ('proposed', 'confirmed', 'merged')),
    CONSTRAINT skills_merged_check CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    CONSTRAINT skills_uses_check CHECK (uses >= 0)
);
COMMENT ON TABLE skills IS 'Skills as members name them, each spelling once.';
COMMENT ON COLUMN skills.uuid IS 'Names the row for programs.';
COMMENT ON COLUMN skills.name IS 'As its first user or the office spells it.';
COMMENT ON COLUMN skills.name_key IS 'The name without case, accents and punctuation.';
COMMENT ON COLUMN skills.state IS 'A proposed name is neither suggested to others nor a filter; three users or the office confirm it.';
COMMENT ON COLUMN skills.merged_into IS 'What the name stands for; that row is not merged itself.';
COMMENT ON COLUMN skills.uses IS 'How many members name it, as counted last.';
CREATE INDEX skills_state_idx ON skills (state, name_key, id);
CREATE INDEX skills_merged_into_idx ON skills (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE profiles (
    user_id uuid NOT NULL,
    slug text COLLATE "C",
    is_listed boolean NOT NULL DEFAULT false,
    allow_indexing boolean NOT NULL DEFAULT false,
    preferred_name text,
    headline text,
    bio text,
    country_id smallint,
    state_id smallint,
    city text,
    industry_id smallint,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT profiles_pkey PRIMARY KEY (user_id),
    CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT profiles_slug_key UNIQUE (slug),
    CONSTRAINT profiles_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) BETWEEN 3 AND 40),
    CONSTRAINT profiles_country_id_fkey FOREIGN KEY (country_id) REFERENCES countries (id),
    CONSTRAINT profiles_state_id_fkey FOREIGN KEY (state_id) REFERENCES states (id),
    CONSTRAINT profiles_industry_id_fkey FOREIGN KEY (industry_id) REFERENCES industries (id)
);
COMMENT ON TABLE profiles IS 'What members say about themselves. A member without a row has an empty profile. Changes of anything that a profile shows lock its row.';
COMMENT ON COLUMN profiles.slug IS 'Chosen address of the public page; null without one.';
COMMENT ON COLUMN profiles.is_listed IS 'Whether the directory lists the member: the latest answer to the consent directory.';
COMMENT ON COLUMN profiles.allow_indexing IS 'Whether search engines may index the public page.';
COMMENT ON COLUMN profiles.preferred_name IS 'Shown in place of the given names of the register.';
COMMENT ON COLUMN profiles.state_id IS 'A state of Nigeria.';
COMMENT ON COLUMN profiles.version IS 'Rises with each change of the profile, its rows elsewhere or its privacy.';

CREATE TABLE field_visibility (
    user_id uuid NOT NULL,
    field text COLLATE "C" NOT NULL,
    level text NOT NULL,
    CONSTRAINT field_visibility_pkey PRIMARY KEY (user_id, field),
    CONSTRAINT field_visibility_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT field_visibility_level_check CHECK (level IN ('only_me', 'connections', 'alumni', 'public'))
);
COMMENT ON TABLE field_visibility IS 'Who may see a field of a profile. A field without a row has the level that is its default.';

CREATE TABLE experiences (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    employer_id integer,
    title text NOT NULL,
    started date,
    ended date,
    is_current boolean NOT NULL,
    CONSTRAINT experiences_pkey PRIMARY KEY (id),
    CONSTRAINT experiences_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT experiences_employer_id_fkey FOREIGN KEY (employer_id) REFERENCES employers (id),
    CONSTRAINT experiences_dates_check CHECK (started <= ended),
    CONSTRAINT experiences_current_check CHECK (NOT (is_current AND ended IS NOT NULL))
);
COMMENT ON TABLE experiences IS 'Work of members, present and past.';
COMMENT ON COLUMN experiences.started IS 'The first day of the month.';
COMMENT ON COLUMN experiences.ended IS 'The first day of the month.';
CREATE INDEX experiences_user_id_idx ON experiences (user_id);
CREATE INDEX experiences_employer_id_idx ON experiences (employer_id, user_id) WHERE employer_id IS NOT NULL;

CREATE TABLE educations (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    institution text NOT NULL,
    degree text,
    field text,
    from_year smallint,
    to_year smallint,
    CONSTRAINT educations_pkey PRIMARY KEY (id),
    CONSTRAINT educations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT educations_years_check CHECK (from_year <= to_year)
);
COMMENT ON TABLE educations IS 'Education of members outside the university, in their own words. Awards of the university are in the register.';
CREATE INDEX educations_user_id_idx ON educations (user_id);

CREATE TABLE profile_skills (
    user_id uuid NOT NULL,
    skill_id integer NOT NULL,
    position smallint NOT NULL,
    CONSTRAINT profile_skills_pkey PRIMARY KEY (user_id, skill_id),
    CONSTRAINT profile_skills_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT profile_skills_skill_id_fkey FOREIGN KEY (skill_id) REFERENCES skills (id)
);
COMMENT ON TABLE profile_skills IS 'Skills of members.';
COMMENT ON COLUMN profile_skills.position IS 'Order on the profile.';
CREATE INDEX profile_skills_skill_id_idx ON profile_skills (skill_id, user_id);

CREATE TABLE profile_links (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    url text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT profile_links_pkey PRIMARY KEY (id),
    CONSTRAINT profile_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT profile_links_url_check CHECK (url LIKE 'https://%')
);
COMMENT ON TABLE profile_links IS 'Web addresses that members show.';
CREATE INDEX profile_links_user_id_idx ON profile_links (user_id);
