-- In the order of the ids, so that each page of the index is filled once.
INSERT INTO alumni_records (id, surname, given_names, name_tokens, email, phone, date_of_birth, created_by_import, created_at, last_modified)
SELECT v.record_id, r.surname, r.given_names, r.name_tokens, r.email, r.phone, r.date_of_birth, r.import_id, n.now, n.now
FROM (SELECT ?::timestamptz AS now) AS n, import_verdicts v JOIN import_rows r USING (import_id, line)
WHERE v.import_id = ? AND v.state = 'ready'
ORDER BY v.record_id
