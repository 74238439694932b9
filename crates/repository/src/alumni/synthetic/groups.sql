INSERT INTO user_group (user_id, group_id)
SELECT m.user_id, g.id FROM synthetic_members m
JOIN groups g ON g.name = CASE WHEN m.is_verified THEN $1 ELSE $2 END
