DELETE FROM user_group ug USING groups g, synthetic_members m WHERE g.id = ug.group_id AND g.name = $1 AND ug.user_id = m.user_id
