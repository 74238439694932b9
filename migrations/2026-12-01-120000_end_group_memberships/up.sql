ALTER TABLE user_group ADD COLUMN valid_until timestamptz;
COMMENT ON COLUMN user_group.valid_until IS 'Exclusive end of the membership; null for none. An ended membership counts for nothing.';
