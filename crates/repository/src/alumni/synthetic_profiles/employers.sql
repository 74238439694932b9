INSERT INTO employers (uuid, name, name_key, state, created_at, last_modified)
SELECT gen_random_uuid(), name, lower(name), 'confirmed', $1, $1
FROM (
    SELECT region || ' ' || goods || ' ' || kind AS name
    FROM unnest(ARRAY['Arewa', 'Bright', 'Central', 'Coastal', 'Delta', 'Eastern', 'Federal', 'First', 'Green', 'Gurara',
            'Hill', 'Inland', 'Kaduna', 'Kano', 'Lagos', 'Metro', 'Modern', 'National', 'New', 'Niger', 'Northern', 'Premier',
            'Plateau', 'Prime', 'River', 'Royal', 'Rural', 'Sahel', 'Savanna', 'Sokoto', 'Southern', 'Summit', 'Union',
            'Unity', 'Urban', 'Valley', 'Western', 'Youth', 'Zamfara', 'Zaria']) AS region,
        unnest(ARRAY['Agriculture', 'Aviation', 'Banking', 'Building', 'Cement', 'Clinical', 'Cotton', 'Dairy', 'Data',
            'Education', 'Energy', 'Food', 'Grain', 'Health', 'Insurance', 'Leather', 'Legal', 'Media', 'Mining', 'Oil',
            'Paper', 'Power', 'Rail', 'Software', 'Textile']) AS goods,
        unnest(ARRAY['Agency', 'Associates', 'Board', 'Bureau', 'Centre', 'College', 'Company', 'Cooperative', 'Council',
            'Foundation', 'Group', 'Holdings', 'Institute', 'Limited', 'Ministry', 'Partners', 'Services', 'Trust',
            'Ventures', 'Works']) AS kind
) AS names
ON CONFLICT DO NOTHING
