INSERT INTO users (id, email, password_hash, firstname, middlename, lastname, is_active, is_superuser, verification, created_at, last_modified)
SELECT user_id, email, '!', split_part(given_names, ' ', 1), nullif(substr(given_names, strpos(given_names || ' ', ' ') + 1), ''), surname,
    true, false, CASE WHEN is_verified THEN 'verified' ELSE 'unverified' END, $1, $1
FROM synthetic_members
ON CONFLICT DO NOTHING
