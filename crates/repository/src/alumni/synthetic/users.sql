INSERT INTO users (id, email, password_hash, firstname, middlename, lastname, is_active, is_superuser, verification, created_at, last_modified)
SELECT m.user_id, m.email, '!', split_part(r.given_names, ' ', 1), nullif(substr(r.given_names, strpos(r.given_names || ' ', ' ') + 1), ''), r.surname,
    true, false, CASE WHEN m.is_verified THEN 'verified' ELSE 'unverified' END, $1, $1
FROM synthetic_members m
JOIN alumni_records r ON r.id = m.record_id
ON CONFLICT DO NOTHING
