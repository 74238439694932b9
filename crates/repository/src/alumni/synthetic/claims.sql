INSERT INTO claims (id, user_id, state, awards, names, faculties, list_me, record_id, method, submitted_at, decided_at, created_at, last_modified)
SELECT gen_random_uuid(), m.user_id, 'verified',
    jsonb_agg(jsonb_build_object('matric', a.matric_raw, 'surname_at_graduation', r.surname, 'department', d.code, 'programme', p.code,
        'degree', g.code, 'year', a.year)),
    ARRAY[r.given_names || ' ' || r.surname], coalesce(array_agg(DISTINCT f.code) FILTER (WHERE f.code IS NOT NULL), '{}'),
    100 * random() < $2, r.id, 'review', $1, $1, $1, $1
FROM synthetic_members m
JOIN alumni_records r ON r.id = m.record_id
JOIN awards a ON a.record_id = r.id
JOIN degrees g ON g.id = a.degree_id
LEFT JOIN departments d ON d.id = a.department_id
LEFT JOIN faculties f ON f.id = d.faculty_id
LEFT JOIN programmes p ON p.id = a.programme_id
WHERE m.is_verified
GROUP BY m.user_id, r.id
