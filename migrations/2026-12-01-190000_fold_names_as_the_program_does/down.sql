CREATE OR REPLACE FUNCTION folded_words(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_remove(string_to_array(regexp_replace(
        translate(
            regexp_replace(
                lower(normalize(name, NFKD)),
                '[\u0300-\u036F\u0610-\u061A\u064B-\u065F\u0670\u1AB0-\u1AFF\u1DC0-\u1DFF\u200B-\u200F\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F]',
                '', 'g'),
            U&'\0181\018A\0198\01B3\0253\0257\0199\01B4''`\2018\2019\02BB\02BC', 'bdkybdky'),
        '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u3000-\u303F]+', ' ', 'g'),
        ' '), '')
$$;

CREATE INDEX users_name_words_former_idx ON users USING gin (
    array_to_tsvector(folded_words(firstname || ' ' || coalesce(middlename, '') || ' ' || lastname)));
DROP INDEX users_name_words_idx;
ALTER INDEX users_name_words_former_idx RENAME TO users_name_words_idx;
