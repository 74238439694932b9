-- A client's id for a message is unique for its sender in each room. The sender comes first in the index: the
-- previous release looks for these ids without a room, and none of its statements names the old index.
CREATE UNIQUE INDEX messages_client_id_in_room_key ON messages (sender_id, client_message_id, room_id)
    WHERE client_message_id IS NOT NULL;
DROP INDEX messages_client_message_id_key;

CREATE OR REPLACE FUNCTION append_messages(
    room_ids uuid[], ids uuid[], sender_ids uuid[], bodies text[], client_message_ids uuid[],
    replies uuid[], times timestamptz[], lock_wait_ms integer,
    OUT places bigint[], OUT sent_at timestamptz[]
) LANGUAGE plpgsql AS $$
DECLARE
    added bigint;
BEGIN
    PERFORM set_config('lock_timeout', lock_wait_ms::text, true);
    PERFORM FROM rooms WHERE id = ANY (room_ids) ORDER BY id FOR NO KEY UPDATE;

    -- Every later statement sees all that the locks' former holders committed, departed members included.
    SELECT array_agg(allowed.place ORDER BY allowed.number),
           array_agg(allowed.sent_at ORDER BY allowed.number)
    INTO places, sent_at
    FROM (
        SELECT sent.number,
               rooms.last_seq + row_number() OVER before AS place,
               greatest(rooms.last_activity_at, max(sent.sent_at) OVER before) AS sent_at
        FROM unnest(room_ids, sender_ids, times) WITH ORDINALITY AS sent (room_id, user_id, sent_at, number)
        JOIN room_members USING (room_id, user_id)
        JOIN rooms ON rooms.id = sent.room_id AND rooms.archived_at IS NULL
        WINDOW before AS (PARTITION BY sent.room_id ORDER BY sent.number)
    ) AS allowed;
    IF cardinality(places) IS DISTINCT FROM cardinality(room_ids) THEN
        places := NULL;
        RETURN;
    END IF;

    -- Even a query that finds nothing takes its time; so each is made only where it may find something.
    IF array_remove(client_message_ids, NULL) <> '{}' THEN
        IF EXISTS (
            SELECT FROM unnest(sender_ids, client_message_ids, room_ids)
                AS sent (sender_id, client_message_id, room_id)
            JOIN messages USING (sender_id, client_message_id, room_id)
        ) THEN
            places := NULL;
            RETURN;
        END IF;
    END IF;
    IF array_remove(replies, NULL) <> '{}' THEN
        IF EXISTS (
            SELECT FROM unnest(room_ids, replies) AS answer (room_id, id)
            WHERE answer.id IS NOT NULL AND NOT EXISTS (
                SELECT FROM messages
                WHERE messages.id = answer.id AND messages.room_id = answer.room_id)
        ) THEN
            places := NULL;
            RETURN;
        END IF;
    END IF;

    INSERT INTO messages
        (room_id, seq, id, sender_id, body, client_message_id, reply_to, created_at)
    SELECT *
    FROM unnest(room_ids, places, ids, sender_ids, bodies, client_message_ids, replies, sent_at)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added < cardinality(room_ids) THEN
        -- The places of the others would have gaps. What is stored already, under a message's id, has
        -- another place.
        DELETE FROM messages USING unnest(room_ids, places, ids) AS mine (room_id, seq, id)
        WHERE messages.room_id = mine.room_id AND messages.seq = mine.seq
          AND messages.id = mine.id;
        places := NULL;
        RETURN;
    END IF;

    UPDATE rooms SET last_seq = newest.seq, last_activity_at = newest.sent_at
    FROM (
        SELECT stored.room_id, max(stored.seq) AS seq, max(stored.sent_at) AS sent_at
        FROM unnest(room_ids, places, sent_at) AS stored (room_id, seq, sent_at)
        GROUP BY stored.room_id
    ) AS newest
    WHERE rooms.id = newest.room_id;
END
$$;
