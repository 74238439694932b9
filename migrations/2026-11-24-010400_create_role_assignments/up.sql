CREATE TABLE role_assignments (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    scope_type text NOT NULL CONSTRAINT role_assignments_scope_type_known CHECK (scope_type IN ('global', 'chapter')),
    scope_id uuid,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    office_title text,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT role_assignments_scope_has_id CHECK ((scope_type = 'global') = (scope_id IS NULL)),
    CONSTRAINT role_assignments_term_in_order CHECK (valid_from < valid_until)
);
COMMENT ON TABLE role_assignments IS 'Roles that users hold for a term, everywhere or inside one chapter.';
COMMENT ON COLUMN role_assignments.scope_id IS 'Which chapter; the role counts in it and in all below it.';
COMMENT ON COLUMN role_assignments.valid_until IS 'When the term ends by itself; without it, it ends when somebody ends it.';
COMMENT ON COLUMN role_assignments.office_title IS 'What the office is called, such as Vice President, North-West.';

CREATE INDEX role_assignments_user_id_idx ON role_assignments (user_id);
CREATE INDEX role_assignments_role_id_idx ON role_assignments (role_id);
CREATE INDEX role_assignments_scope_idx ON role_assignments (scope_id) WHERE scope_id IS NOT NULL;
CREATE INDEX role_assignments_created_at_idx ON role_assignments (created_at DESC, id DESC);
