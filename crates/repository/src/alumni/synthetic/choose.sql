INSERT INTO synthetic_members (record_id, user_id, email, is_verified)
SELECT r.id, gen_random_uuid(), coalesce(r.email, 'graduate-' || r.id || '@members.example.com'), 100 * random() < $2
FROM alumni_records r
LEFT JOIN claims c ON c.record_id = r.id AND c.state = 'verified'
WHERE r.created_by_import = $1 AND r.state = 'active' AND c.id IS NULL
