-- Records that something depends on: edited since, merged, restricted, claimed, invited, or with an award of another
-- source. A claim in any state counts: its decision names the record.
SELECT p.id AS record_id, CASE
    WHEN p.state <> 'active' THEN p.state
    WHEN p.version <> c.after_version THEN 'edited'
    WHEN EXISTS (SELECT FROM claims q WHERE q.record_id = p.id) THEN 'claimed'
    WHEN EXISTS (SELECT FROM invitations i WHERE i.record_id = p.id) THEN 'invited'
    WHEN EXISTS (SELECT FROM alumni_records o WHERE o.merged_into = p.id) THEN 'merged'
    ELSE 'other-award' END AS reason
FROM (
    SELECT id AS record_id, 1::bigint AS after_version, true AS is_new FROM alumni_records WHERE created_by_import = ?
    UNION ALL
    SELECT record_id, after_version, false FROM import_changes WHERE import_id = ?
) AS c
JOIN alumni_records p ON p.id = c.record_id
WHERE p.state <> 'active' OR p.version <> c.after_version
   OR EXISTS (SELECT FROM claims q WHERE q.record_id = p.id)
   OR EXISTS (SELECT FROM invitations i WHERE i.record_id = p.id)
   OR c.is_new AND (
       EXISTS (SELECT FROM alumni_records o WHERE o.merged_into = p.id)
       OR EXISTS (SELECT FROM awards a WHERE a.record_id = p.id AND a.created_by_import IS DISTINCT FROM p.created_by_import))
