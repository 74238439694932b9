-- Lines about an award that an earlier line is about: by matriculation number, or by the names where it has none.
INSERT INTO import_repeats (line, first, is_alike)
SELECT line, first, is_alike FROM (
    SELECT line, first_value(line) OVER same AS first,
           name_tokens && first_value(name_tokens) OVER same AS is_alike
    FROM import_rows
    WHERE import_id = ? AND defects = '{}'
    WINDOW same AS (
        PARTITION BY matric_norm, degree_id, year,
                     CASE WHEN matric_norm IS NULL THEN name_tokens END,
                     CASE WHEN matric_norm IS NULL THEN department_id END
        ORDER BY line)
) AS lines
WHERE line <> first
