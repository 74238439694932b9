INSERT INTO skills (uuid, name, name_key, state, created_at, last_modified)
SELECT gen_random_uuid(), name, lower(name), 'confirmed', $1, $1
FROM (
    SELECT manner || ' ' || subject AS name
    FROM unnest(ARRAY['Applied', 'Clinical', 'Digital', 'Financial', 'Field', 'Industrial', 'Public', 'Rural', 'Technical',
            'Advanced']) AS manner,
        unnest(ARRAY['accounting', 'agronomy', 'analysis', 'auditing', 'chemistry', 'construction', 'design', 'drafting',
            'economics', 'editing', 'engineering', 'finance', 'governance', 'law', 'leadership', 'logistics', 'management',
            'medicine', 'nursing', 'nutrition', 'pharmacy', 'planning', 'programming', 'research', 'sales', 'statistics',
            'surveying', 'teaching', 'translation', 'welding']) AS subject
) AS names
ON CONFLICT DO NOTHING
