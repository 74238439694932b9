DROP TABLE import_changes;
DROP TABLE import_verdicts;
DROP TABLE import_rows;
DROP TABLE record_field_sources;
DROP TABLE awards;
DROP TABLE alumni_records;
DROP TABLE imports;
