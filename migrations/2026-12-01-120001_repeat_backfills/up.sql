ALTER TABLE backfills ADD COLUMN repeated_at timestamptz;
COMMENT ON COLUMN backfills.finished_at IS 'End of the first pass, before the new release serves.';
COMMENT ON COLUMN backfills.repeated_at IS 'End of the second pass, after the previous release has stopped: it wrote rows while the first one ran.';
UPDATE backfills SET position = NULL WHERE finished_at IS NOT NULL;
