ALTER TABLE backfills DROP COLUMN repeated_at;
COMMENT ON COLUMN backfills.finished_at IS NULL;
