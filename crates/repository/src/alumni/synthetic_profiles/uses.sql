WITH employed AS (
    SELECT employer_id AS id, count(DISTINCT user_id)::int AS users FROM experiences GROUP BY employer_id),
skilled AS (
    SELECT skill_id AS id, count(*)::int AS users FROM profile_skills GROUP BY skill_id),
counted AS (
    UPDATE employers e SET uses = u.users FROM employed u WHERE u.id = e.id AND e.uses <> u.users)
UPDATE skills s SET uses = u.users FROM skilled u WHERE u.id = s.id AND s.uses <> u.users
