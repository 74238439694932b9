-- A record without an address gets one that names the file and the record's place in it: no other file has it.
-- `OFFSET 0` has each address made once.
WITH graduates AS (
    SELECT id, state, surname, given_names, email, row_number() OVER (ORDER BY id) AS place
    FROM alumni_records WHERE created_by_import = $1
), addressed AS (
    SELECT g.place, g.id, g.surname, g.given_names,
        coalesce(g.email, 'graduate-' || (SELECT substr(encode(file_hash, 'hex'), 1, 8) FROM imports WHERE id = $1) || '-' || g.place
            || '@members.example.com') AS email
    FROM graduates g
    WHERE g.state = 'active' AND NOT EXISTS (SELECT FROM claims c WHERE c.record_id = g.id AND c.state = 'verified')
    OFFSET 0
)
INSERT INTO synthetic_members (place, record_id, user_id, email, surname, given_names, is_verified, is_listed)
SELECT a.place, a.id, pg_temp.id_at(a.place), a.email, a.surname, a.given_names,
    pg_temp.is_among($2, 'verified ' || a.email), pg_temp.is_among($3, 'listed ' || a.email)
FROM addressed a
WHERE NOT EXISTS (SELECT FROM users u WHERE lower(u.email) = lower(a.email))
  AND NOT EXISTS (SELECT FROM user_emails e WHERE lower(e.email) = lower(a.email) AND e.verified_at IS NOT NULL)
