CREATE TABLE room_departures (
    room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    left_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
COMMENT ON TABLE room_departures IS 'Former members who left by themselves. Others can invite them, but not add them.';

CREATE TABLE room_invitations (
    id uuid NOT NULL CONSTRAINT room_invitations_id_key UNIQUE,
    room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    invited_by uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    declined_at timestamptz,
    PRIMARY KEY (room_id, user_id)
);
COMMENT ON TABLE room_invitations IS 'The newest invitation of each user to each room: open, expired or declined. Accepting deletes it.';
COMMENT ON COLUMN room_invitations.id IS 'Of this invitation; a later one to the same room has another.';
CREATE INDEX room_invitations_user_id_idx ON room_invitations (user_id, created_at, id);
