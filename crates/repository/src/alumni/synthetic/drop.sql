DROP TABLE synthetic_members;
DROP FUNCTION pg_temp.id_at, pg_temp.is_among;
