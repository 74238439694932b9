-- One match stays for each line; it is doubtful where several fit equally.
WITH several AS (
    SELECT line FROM import_matches GROUP BY line HAVING count(*) > 1
), ranked AS (
    SELECT m.ctid AS place, count(*) FILTER (WHERE is_preferred) OVER (PARTITION BY line) AS preferred,
           row_number() OVER (PARTITION BY line ORDER BY is_preferred DESC, record_id, award_id) AS rank
    FROM import_matches m JOIN several USING (line)
), gone AS (
    DELETE FROM import_matches m USING ranked WHERE m.ctid = ranked.place AND ranked.rank > 1
)
UPDATE import_matches m SET doubt = 'several-records'
FROM ranked WHERE m.ctid = ranked.place AND ranked.rank = 1 AND ranked.preferred <> 1
