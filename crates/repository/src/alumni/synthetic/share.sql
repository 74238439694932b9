DELETE FROM synthetic_members m
USING (SELECT lower(email) AS email, min(place) AS place FROM synthetic_members GROUP BY 1 HAVING count(*) > 1) AS first
WHERE lower(m.email) = first.email AND m.place > first.place
