ALTER TABLE rooms
    ADD COLUMN last_revision bigint NOT NULL DEFAULT 0
        CONSTRAINT rooms_last_revision_not_negative CHECK (last_revision >= 0);
COMMENT ON COLUMN rooms.last_revision IS 'Number of the last change to a message of the room. An edit, a deletion, a reaction and one taken back each are one change.';

ALTER TABLE messages
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN revision bigint CONSTRAINT messages_revision_positive CHECK (revision > 0),
    ADD CONSTRAINT messages_deleted_has_no_text CHECK (deleted_at IS NULL OR body = '');
COMMENT ON COLUMN messages.edited_at IS 'When the text was last replaced.';
COMMENT ON COLUMN messages.deleted_at IS 'Set once it has no text any more; it keeps its place.';
COMMENT ON COLUMN messages.revision IS 'Number of the change of the room that last touched the message; null where none did.';

-- What changed since a change that somebody knows. New messages are not in it, and cost nothing.
CREATE UNIQUE INDEX messages_revision_key ON messages (room_id, revision) WHERE revision IS NOT NULL;

-- No foreign keys, as messages have none.
CREATE TABLE message_edits (
    message_id uuid NOT NULL,
    revision bigint NOT NULL,
    body text NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, revision)
);
COMMENT ON TABLE message_edits IS 'What messages said before they were edited or deleted. No member sees it: it is for those who moderate.';
COMMENT ON COLUMN message_edits.revision IS 'The change of the room that replaced or deleted this text.';
COMMENT ON COLUMN message_edits.changed_by IS 'Who made that change.';

CREATE TABLE message_reactions (
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id, emoji)
);
COMMENT ON TABLE message_reactions IS 'Who reacted to what, with which emoji.';
COMMENT ON COLUMN message_reactions.revision IS 'The change of the room that added it: who reacted first comes first.';
CREATE INDEX message_reactions_emoji_idx ON message_reactions (message_id, emoji, revision);

CREATE TABLE message_emoji (
    message_id uuid NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    reactions bigint NOT NULL CONSTRAINT message_emoji_reactions_positive CHECK (reactions > 0),
    first_revision bigint NOT NULL,
    PRIMARY KEY (message_id, emoji)
);
COMMENT ON TABLE message_emoji IS 'How many reacted with each emoji of a message: kept in step with message_reactions, so that nothing need be counted.';
COMMENT ON COLUMN message_emoji.first_revision IS 'The change of the room that brought the emoji: the oldest comes first.';
