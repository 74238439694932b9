INSERT INTO synthetic_members (place, record_id, user_id, email, surname, given_names, is_verified, is_listed)
SELECT row_number() OVER (), r.id, u.id, r.email, r.surname, r.given_names, true, true
FROM alumni_records r
JOIN users u ON lower(u.email) = lower(r.email) AND u.verification <> 'verified'
LEFT JOIN claims c ON c.record_id = r.id AND c.state = 'verified'
WHERE r.created_by_import = $1 AND lower(r.email) = ANY ($2) AND r.state = 'active' AND c.id IS NULL
