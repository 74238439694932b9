CREATE TABLE rooms (
    id uuid PRIMARY KEY,
    kind text NOT NULL CONSTRAINT rooms_kind_known CHECK (kind IN ('direct', 'group')),
    name text,
    created_by uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    last_activity_at timestamptz NOT NULL,
    archived_at timestamptz,
    last_seq bigint NOT NULL DEFAULT 0 CONSTRAINT rooms_last_seq_not_negative CHECK (last_seq >= 0),
    member_count integer NOT NULL DEFAULT 0 CONSTRAINT rooms_member_count_not_negative CHECK (member_count >= 0),
    direct_low uuid REFERENCES users (id),
    direct_high uuid REFERENCES users (id),
    CONSTRAINT rooms_group_has_name CHECK ((kind = 'group') = (name IS NOT NULL)),
    CONSTRAINT rooms_direct_has_pair CHECK (
        (kind = 'direct') = (direct_low IS NOT NULL AND direct_high IS NOT NULL)
    ),
    CONSTRAINT rooms_direct_pair_ordered CHECK (direct_low < direct_high)
) WITH (fillfactor = 70);
COMMENT ON TABLE rooms IS 'Conversations. Rows are updated with every message, hence the room left on each page for HOT updates.';
COMMENT ON COLUMN rooms.name IS 'Of a group only; a direct room is named by its other member.';
COMMENT ON COLUMN rooms.last_activity_at IS 'When the last message was stored, or the room was made.';
COMMENT ON COLUMN rooms.archived_at IS 'Set once the room is read-only and hidden from lists.';
COMMENT ON COLUMN rooms.last_seq IS 'Place of the newest message; as places have no gaps, also the number of messages.';
COMMENT ON COLUMN rooms.member_count IS 'Kept in step with room_members, under the row lock of the room.';
COMMENT ON COLUMN rooms.direct_low IS 'The lesser id of the two people of a direct room.';
COMMENT ON COLUMN rooms.direct_high IS 'The greater id of the two people of a direct room.';

-- Two people have one direct room, whoever asks first and however often.
CREATE UNIQUE INDEX rooms_direct_pair_key ON rooms (direct_low, direct_high) WHERE direct_low IS NOT NULL;

CREATE TABLE room_members (
    room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT room_members_role_known CHECK (role IN ('owner', 'moderator', 'member')),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
COMMENT ON TABLE room_members IS 'Who is in a room now.';
CREATE INDEX room_members_user_id_idx ON room_members (user_id, room_id);
-- "Is another owner left?" without reading a large room's members.
CREATE INDEX room_members_owners_idx ON room_members (room_id) WHERE role = 'owner';
