CREATE TEMP TABLE synthetic_profiles (
    user_id uuid NOT NULL,
    is_listed boolean NOT NULL,
    place float8 NOT NULL,
    work float8 NOT NULL,
    trade float8 NOT NULL
) ON COMMIT DROP
