-- The id at this place of a sequence, in the form of version 7: each page of an index is filled once.
CREATE FUNCTION pg_temp.id_at(place bigint) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(place >> 12 & 4095), 3, '0')
            || '8' || lpad(to_hex(place & 4095), 3, '0') || right(gen_random_uuid()::text, 12))::uuid
$$;
-- Whether a text is among so many of a hundred, always with the same answer.
CREATE FUNCTION pg_temp.is_among(percent integer, drawn text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || substr(md5(drawn), 1, 8))::bit(32)::bigint % 100 < percent
$$;
CREATE TEMP TABLE synthetic_members (
    place bigint NOT NULL,
    record_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text NOT NULL,
    surname text NOT NULL,
    given_names text NOT NULL,
    is_verified boolean NOT NULL,
    is_listed boolean NOT NULL
) ON COMMIT DROP;
