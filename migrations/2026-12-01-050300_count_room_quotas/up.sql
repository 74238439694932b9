CREATE TABLE room_additions (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    added_at timestamptz NOT NULL,
    people integer NOT NULL CONSTRAINT room_additions_people_positive CHECK (people > 0),
    PRIMARY KEY (user_id, added_at)
);
COMMENT ON TABLE room_additions IS 'How many people each user brought into rooms on the last day. Removing them again takes nothing back.';
CREATE INDEX rooms_created_by_idx ON rooms (created_by, created_at);
