-- Existing rows begin to count at the member's next message, and at once for the room's maker.
ALTER TABLE room_members ADD COLUMN takes_part boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN room_members.takes_part IS 'The member wrote in the room or accepted an invitation to it, so that it counts towards their limit of rooms; so does a room that they made.';
