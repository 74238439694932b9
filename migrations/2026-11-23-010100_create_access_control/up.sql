-- A user is in groups, a group holds roles, a role holds permissions.
CREATE TABLE permissions (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT permissions_name_key UNIQUE,
    description text NOT NULL,
    is_system boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL
);
COMMENT ON TABLE permissions IS 'What a person may do, by names such as can_view_user.';
COMMENT ON COLUMN permissions.is_system IS 'Seeded by us; cannot be deleted.';

CREATE TABLE roles (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT roles_name_key UNIQUE,
    description text NOT NULL,
    is_system boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL
);
COMMENT ON TABLE roles IS 'Named sets of permissions, such as user_admin.';
COMMENT ON COLUMN roles.is_system IS 'Seeded by us; cannot be deleted.';

CREATE TABLE groups (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT groups_name_key UNIQUE,
    description text NOT NULL,
    is_system boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL
);
COMMENT ON TABLE groups IS 'Named sets of roles that users are put in, such as super_admin_group.';
COMMENT ON COLUMN groups.is_system IS 'Seeded by us; cannot be deleted.';

CREATE TABLE permission_role (
    role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id uuid NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (role_id, permission_id)
);
COMMENT ON TABLE permission_role IS 'Which permissions a role holds.';
CREATE INDEX permission_role_permission_id_idx ON permission_role (permission_id);

CREATE TABLE role_group (
    group_id uuid NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, role_id)
);
COMMENT ON TABLE role_group IS 'Which roles a group holds.';
CREATE INDEX role_group_role_id_idx ON role_group (role_id);

CREATE TABLE user_group (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_id uuid NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
);
COMMENT ON TABLE user_group IS 'Which groups a user is in.';
CREATE INDEX user_group_group_id_idx ON user_group (group_id);
