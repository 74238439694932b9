-- Records that several lines match, and awards likewise: the first line counts.
INSERT INTO import_shared (record_id, award_id, first)
SELECT record_id, NULL, min(line) FROM import_matches WHERE doubt IS NULL GROUP BY record_id HAVING count(*) > 1
UNION ALL
SELECT min(record_id::text)::uuid, award_id, min(line) FROM import_matches
WHERE doubt IS NULL AND award_id IS NOT NULL GROUP BY award_id HAVING count(*) > 1
