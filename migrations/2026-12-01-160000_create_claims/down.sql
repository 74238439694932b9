DROP TABLE mailbox_suppressions;
DROP TABLE invitations;
DROP TABLE invitation_batches;
DROP TABLE claim_decisions;
DROP TABLE claim_events;
DROP TABLE claims;
DROP TABLE holidays;
