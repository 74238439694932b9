CREATE TEMPORARY TABLE import_repeats (line integer NOT NULL, first integer NOT NULL, is_alike boolean NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_matches (
    line integer NOT NULL, record_id uuid NOT NULL, award_id uuid,
    is_preferred boolean NOT NULL, is_by_email boolean NOT NULL, doubt text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_shared (record_id uuid NOT NULL, award_id uuid, first integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_differences (line integer NOT NULL, changed jsonb, kept jsonb) ON COMMIT DROP;
