DROP TABLE set_counts;
DROP TABLE facet_counts;
DROP TABLE name_tokens;
DROP TABLE directory_entries;
