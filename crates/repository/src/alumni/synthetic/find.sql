INSERT INTO synthetic_members (record_id, user_id, email, is_verified)
SELECT r.id, u.id, r.email, true
FROM alumni_records r
JOIN users u ON lower(u.email) = lower(r.email) AND u.verification <> 'verified'
LEFT JOIN claims c ON c.record_id = r.id AND c.state = 'verified'
WHERE r.created_by_import = $1 AND lower(r.email) = ANY ($2) AND r.state = 'active' AND c.id IS NULL
