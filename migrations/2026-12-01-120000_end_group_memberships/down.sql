ALTER TABLE user_group DROP COLUMN valid_until;
