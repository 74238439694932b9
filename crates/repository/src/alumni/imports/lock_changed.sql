-- In the order of their ids, as every writer of several records locks them.
SELECT p.id FROM alumni_records p
WHERE p.id IN (SELECT record_id FROM import_verdicts WHERE import_id = ? AND state = 'will_update')
ORDER BY p.id FOR UPDATE
