UPDATE alumni_records p SET
    surname = b.surname, given_names = b.given_names, name_tokens = b.name_tokens, email = b.email, phone = b.phone,
    date_of_birth = b.date_of_birth, version = p.version + 1, last_modified = n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_changes c
CROSS JOIN LATERAL jsonb_populate_record(NULL::alumni_records, c.before -> 'record') AS b
WHERE c.import_id = ? AND p.id = c.record_id
  AND NOT EXISTS (SELECT FROM import_blocked o WHERE o.record_id = c.record_id)
