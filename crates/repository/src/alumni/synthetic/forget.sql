DELETE FROM synthetic_members m WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = m.user_id)
