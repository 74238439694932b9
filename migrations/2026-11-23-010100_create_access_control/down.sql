DROP TABLE user_group;
DROP TABLE role_group;
DROP TABLE permission_role;
DROP TABLE groups;
DROP TABLE roles;
DROP TABLE permissions;
