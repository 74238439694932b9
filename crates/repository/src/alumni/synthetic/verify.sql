UPDATE users SET verification = 'verified', last_modified = $1 WHERE id IN (SELECT user_id FROM synthetic_members)
