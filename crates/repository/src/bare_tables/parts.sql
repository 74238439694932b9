-- How to take each part off, and how to put it on again.
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE contype = 'f' AND conrelid IN (SELECT name::regclass FROM unnest(?) AS name)
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass),
       concat_ws('; ', pg_get_indexdef(indexrelid),
                 'COMMENT ON INDEX ' || indexrelid::regclass || ' IS ' || quote_literal(obj_description(indexrelid, 'pg_class')))
FROM pg_index
WHERE indrelid IN (SELECT name::regclass FROM unnest(?) AS name)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
