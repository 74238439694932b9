INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at, awaits_proof)
SELECT user_id, user_id, email, true, $1, $1, false FROM synthetic_members
