-- No foreign keys: the one statement that inserts here joins room_members, whose keys are checked, in
-- the same transaction; two more look-ups a row would be the dearest part of storing a message.
CREATE TABLE messages (
    room_id uuid NOT NULL,
    seq bigint NOT NULL CONSTRAINT messages_seq_positive CHECK (seq > 0),
    id uuid NOT NULL,
    sender_id uuid NOT NULL,
    body text NOT NULL,
    client_message_id uuid,
    reply_to uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, seq)
);
COMMENT ON TABLE messages IS 'Every message, kept for ever.';
COMMENT ON COLUMN messages.seq IS 'Place in the room: 1, 2, 3 and so on, without gaps or repeats.';
COMMENT ON COLUMN messages.id IS 'UUIDv7.';
COMMENT ON COLUMN messages.client_message_id IS 'Chosen by the sending client, so that sending again stores nothing twice.';
COMMENT ON COLUMN messages.reply_to IS 'Id of the message in the same room that this one answers.';

CREATE UNIQUE INDEX messages_id_key ON messages (id);
CREATE UNIQUE INDEX messages_client_message_id_key ON messages (sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
