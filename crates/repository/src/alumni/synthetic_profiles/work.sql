WITH known AS (
    SELECT array_agg(id ORDER BY id) AS ids FROM employers WHERE state = 'confirmed')
INSERT INTO experiences (id, user_id, employer_id, title, started, is_current)
SELECT gen_random_uuid(), m.user_id, known.ids[ceil(exp(pg_temp.dice('employer ' || m.email) * ln(cardinality(known.ids))))::int], 'Officer',
    make_date(2000 + floor(m.place * 24)::int, 1 + floor(m.trade * 12)::int, 1), true
FROM synthetic_profiles m, known
WHERE m.work < 0.8
