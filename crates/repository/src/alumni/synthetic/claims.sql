-- For records with one award, which are nearly all: an aggregate costs more than the rest of the statement.
INSERT INTO claims (id, user_id, state, awards, names, faculties, list_me, record_id, method, submitted_at, decided_at, created_at, last_modified)
SELECT pg_temp.id_at(m.place), m.user_id, 'verified',
    jsonb_build_array(jsonb_build_object('matric', a.matric_raw, 'surname_at_graduation', m.surname, 'department', d.code, 'programme', p.code,
        'degree', g.code, 'year', a.year)),
    ARRAY[m.given_names || ' ' || m.surname], array_remove(ARRAY[f.code], NULL),
    m.is_listed, m.record_id, 'review', $1, $1, $1, $1
FROM synthetic_members m
JOIN awards a ON a.record_id = m.record_id
JOIN degrees g ON g.id = a.degree_id
LEFT JOIN departments d ON d.id = a.department_id
LEFT JOIN faculties f ON f.id = d.faculty_id
LEFT JOIN programmes p ON p.id = a.programme_id
WHERE m.is_verified AND NOT EXISTS (SELECT FROM awards other WHERE other.record_id = a.record_id AND other.id <> a.id)
