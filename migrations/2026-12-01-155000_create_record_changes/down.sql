DROP TABLE record_duplicates;
DROP TABLE record_merges;
DROP TABLE record_events;
