-- Each record once, with the values of its first line; the version also counts changes of awards.
UPDATE alumni_records p SET
    surname = CASE WHEN jsonb_exists(v.fields, 'names') THEN r.surname ELSE p.surname END,
    given_names = CASE WHEN jsonb_exists(v.fields, 'names') THEN r.given_names ELSE p.given_names END,
    name_tokens = CASE WHEN jsonb_exists(v.fields, 'names') THEN r.name_tokens ELSE p.name_tokens END,
    email = CASE WHEN jsonb_exists(v.fields, 'email') THEN r.email ELSE p.email END,
    phone = CASE WHEN jsonb_exists(v.fields, 'phone') THEN r.phone ELSE p.phone END,
    date_of_birth = CASE WHEN jsonb_exists(v.fields, 'date_of_birth') THEN r.date_of_birth ELSE p.date_of_birth END,
    version = p.version + 1, last_modified = n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_rows r
JOIN (
    SELECT DISTINCT ON (record_id) import_id, line, record_id, diff -> 'changed' AS fields
    FROM import_verdicts WHERE import_id = ? AND state = 'will_update'
    ORDER BY record_id, jsonb_exists_any(diff -> 'changed', '{names,email,phone,date_of_birth}') DESC, line
) AS v USING (import_id, line)
WHERE p.id = v.record_id
