INSERT INTO consents (id, user_id, purpose, version, granted, source, created_at)
SELECT gen_random_uuid(), user_id, 'directory', '1', is_listed, 'synthetic', $1 FROM synthetic_profiles
