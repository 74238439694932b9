-- From 0 to below 1 by chance, always the same for a text: a seed makes every database alike.
CREATE OR REPLACE FUNCTION pg_temp.dice(drawn text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || left(md5(drawn), 8))::bit(32)::bigint / 4294967296.0::float8
$$;
CREATE TEMP TABLE synthetic_profiles (
    user_id uuid NOT NULL,
    email text NOT NULL,
    is_listed boolean NOT NULL,
    place float8 NOT NULL,
    work float8 NOT NULL,
    trade float8 NOT NULL
) ON COMMIT DROP
