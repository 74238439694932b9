DROP INDEX users_name_words_idx;
DROP FUNCTION folded_words;
