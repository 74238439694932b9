WITH known AS (
    SELECT array_agg(id ORDER BY id) AS ids FROM skills WHERE state = 'confirmed')
INSERT INTO profile_skills (user_id, skill_id, position)
SELECT m.user_id, known.ids[ceil(exp(pg_temp.dice('skill ' || number || m.email) * ln(cardinality(known.ids))))::int], number
FROM synthetic_profiles m, known, generate_series(1, 2) AS number
WHERE m.trade < 0.6
ON CONFLICT DO NOTHING
