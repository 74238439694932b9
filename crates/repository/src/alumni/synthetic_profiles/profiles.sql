WITH known_states AS (
    SELECT array_agg(id ORDER BY md5(code)) AS ids FROM states),
abroad AS (
    SELECT array_agg(id ORDER BY code) AS ids FROM countries WHERE code IN ('AE', 'CA', 'DE', 'GB', 'GH', 'MY', 'SA', 'US', 'ZA')),
home AS (
    SELECT max(id) AS id FROM countries WHERE code = 'NG'),
trades AS (
    SELECT array_agg(id ORDER BY md5(code)) AS ids FROM industries),
cities AS (
    SELECT ARRAY['Kaduna', 'Zaria', 'Abuja', 'Lagos', 'Kano', 'Jos', 'Ilorin', 'Makurdi', 'Minna', 'Lokoja', 'Sokoto', 'Ibadan',
        'Port Harcourt', 'Maiduguri', 'Gombe', 'Bauchi', 'Yola', 'Katsina'] AS names),
titles AS (
    SELECT ARRAY['Data engineer', 'Senior lecturer', 'Pharmacist', 'Civil engineer', 'Barrister and solicitor',
        'Veterinary surgeon', 'Product manager', 'Accountant', 'Quantity surveyor', 'Nurse', 'Consultant paediatrician',
        'Architect', 'Teacher', 'Agronomist', 'Journalist'] AS names)
INSERT INTO profiles (user_id, is_listed, headline, country_id, state_id, city, industry_id, created_at, last_modified)
SELECT m.user_id, m.is_listed,
    titles.names[1 + floor(m.trade * cardinality(titles.names))::int] || ' for ' || (1 + floor(m.work * 30))::int || ' years',
    CASE WHEN m.place < 0.92 THEN home.id ELSE abroad.ids[1 + floor((m.place - 0.92) / 0.08 * cardinality(abroad.ids))::int] END,
    CASE WHEN m.place < 0.92 THEN known_states.ids[ceil(exp(m.work * ln(cardinality(known_states.ids))))::int] END,
    CASE WHEN m.place < 0.92 THEN cities.names[ceil(exp(m.trade * ln(cardinality(cities.names))))::int] END,
    trades.ids[ceil(exp(m.place * ln(cardinality(trades.ids))))::int],
    $1, $1
FROM synthetic_profiles m, known_states, abroad, home, trades, cities, titles
ON CONFLICT DO NOTHING
