INSERT INTO synthetic_profiles (user_id, is_listed, place, work, trade)
SELECT c.user_id, c.list_me, random(), random(), random()
FROM claims c
JOIN alumni_records r ON r.id = c.record_id
WHERE r.created_by_import = $1 AND c.state = 'verified'
    AND NOT EXISTS (SELECT FROM profiles p WHERE p.user_id = c.user_id)
