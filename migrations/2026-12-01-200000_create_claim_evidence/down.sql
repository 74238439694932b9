DROP INDEX mailbox_suppressions_until_idx;
DROP INDEX invitation_batches_expires_at_idx;
DROP INDEX invitations_asked_idx;
DROP INDEX claims_ended_idx;
DROP TABLE claim_evidence;
