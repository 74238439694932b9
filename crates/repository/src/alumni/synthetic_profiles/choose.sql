INSERT INTO synthetic_profiles (user_id, email, is_listed, place, work, trade)
SELECT u.id, u.email, c.list_me, pg_temp.dice('place ' || u.email), pg_temp.dice('work ' || u.email), pg_temp.dice('trade ' || u.email)
FROM claims c
JOIN users u ON u.id = c.user_id
JOIN alumni_records r ON r.id = c.record_id
WHERE r.created_by_import = $1 AND c.state = 'verified'
    AND NOT EXISTS (SELECT FROM profiles p WHERE p.user_id = c.user_id)
