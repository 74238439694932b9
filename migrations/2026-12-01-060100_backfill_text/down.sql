DROP TABLE email_conflicts;
DROP TABLE backfills;
