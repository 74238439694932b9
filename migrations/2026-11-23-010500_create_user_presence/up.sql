-- Apart from users: it changes with every visit, and that table's rows are wide and well indexed.
CREATE TABLE user_presence (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    last_seen_at timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE user_presence IS 'When each user last left the chat.';
