DROP TABLE room_invitations;
DROP TABLE room_departures;
