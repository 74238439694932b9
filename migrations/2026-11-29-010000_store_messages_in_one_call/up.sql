-- Each statement of the application's is a way to the server and back while rooms are locked; in here they
-- are not. They are the same: the locks first, in one order, and every later statement sees all that the
-- locks' former holders committed, the members who left included.
CREATE FUNCTION store_ordinary_messages(
    room_ids uuid[], ids uuid[], sender_ids uuid[], bodies text[], client_message_ids uuid[],
    replies uuid[], times timestamptz[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    places bigint[];
    added bigint;
BEGIN
    PERFORM FROM rooms WHERE id = ANY (room_ids) ORDER BY id FOR NO KEY UPDATE;

    SELECT array_agg(allowed.last_seq + allowed.nth ORDER BY allowed.number) INTO places
    FROM (
        SELECT sent.number, rooms.last_seq,
               row_number() OVER (PARTITION BY sent.room_id ORDER BY sent.number) AS nth
        FROM unnest(room_ids, sender_ids) WITH ORDINALITY AS sent (room_id, user_id, number)
        JOIN room_members USING (room_id, user_id)
        JOIN rooms ON rooms.id = sent.room_id AND rooms.archived_at IS NULL
    ) AS allowed;
    IF cardinality(places) IS DISTINCT FROM cardinality(room_ids) THEN
        RETURN NULL;
    END IF;

    -- Even a query that finds nothing takes its time; so each is made only where it may find something.
    IF array_remove(client_message_ids, NULL) <> '{}' THEN
        IF EXISTS (
            SELECT FROM unnest(sender_ids, client_message_ids) AS sent (sender_id, client_message_id)
            JOIN messages USING (sender_id, client_message_id)
        ) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF array_remove(replies, NULL) <> '{}' THEN
        IF EXISTS (
            SELECT FROM unnest(room_ids, replies) AS answer (room_id, id)
            WHERE answer.id IS NOT NULL AND NOT EXISTS (
                SELECT FROM messages
                WHERE messages.id = answer.id AND messages.room_id = answer.room_id)
        ) THEN
            RETURN NULL;
        END IF;
    END IF;

    INSERT INTO messages
        (room_id, seq, id, sender_id, body, client_message_id, reply_to, created_at)
    SELECT *
    FROM unnest(room_ids, places, ids, sender_ids, bodies, client_message_ids, replies, times)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added < cardinality(room_ids) THEN
        -- The places of the others would have gaps. What stands already, under a message's id, has
        -- another place.
        DELETE FROM messages USING unnest(room_ids, places, ids) AS mine (room_id, seq, id)
        WHERE messages.room_id = mine.room_id AND messages.seq = mine.seq
          AND messages.id = mine.id;
        RETURN NULL;
    END IF;

    UPDATE rooms SET last_seq = newest.seq,
                     last_activity_at = greatest(rooms.last_activity_at, newest.sent_at)
    FROM (
        SELECT stored.room_id, max(stored.seq) AS seq, max(stored.sent_at) AS sent_at
        FROM unnest(room_ids, places, times) AS stored (room_id, seq, sent_at)
        GROUP BY stored.room_id
    ) AS newest
    WHERE rooms.id = newest.room_id;
    RETURN places;
END
$$;
COMMENT ON FUNCTION store_ordinary_messages IS 'Stores messages and answers with their places, in their order. Null, with the rooms locked and nothing stored, if one is not ordinary: its sender is not a member, its room is archived, it answers nothing, or it is stored already.';
