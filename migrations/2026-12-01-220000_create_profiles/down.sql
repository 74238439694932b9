DROP TABLE profile_links;
DROP TABLE profile_skills;
DROP TABLE educations;
DROP TABLE experiences;
DROP TABLE field_visibility;
DROP TABLE profiles;
DROP TABLE skills;
DROP TABLE employers;
