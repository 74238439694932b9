DROP INDEX email_outbox_recipient_idx;
DROP INDEX room_invitations_invited_by_idx;
DROP INDEX message_reactions_user_id_idx;
DROP INDEX messages_without_client_id_idx;
DROP TABLE erasure_ledger;
ALTER TABLE erasures DROP COLUMN farewell_id, DROP COLUMN position, DROP COLUMN stage, DROP COLUMN started_at;
ALTER TABLE users DROP COLUMN erased_at;
