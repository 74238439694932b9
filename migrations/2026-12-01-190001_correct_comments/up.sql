-- Only what is said changes: comments that later migrations or releases made untrue, or that left open who acts.
COMMENT ON TABLE messages IS 'The messages of all rooms. A deleted message keeps its row and its place, without its text.';
COMMENT ON COLUMN messages.client_message_id IS 'Chosen by the sending client, unique for its sender in each room, so that sending again stores nothing twice.';
COMMENT ON COLUMN users.email IS 'The primary address in canonical form: NFC, lower case, its host as an A-label.';
COMMENT ON COLUMN users.password_hash IS 'bcrypt, in its modular crypt form; an exclamation mark while the account has no password.';
COMMENT ON COLUMN users.deactivated_at IS 'Since when its owner has it hidden. A log-in shows it again; in its erasure window no log-in succeeds.';
COMMENT ON COLUMN user_emails.email IS 'In canonical form: NFC, lower case, its host as an A-label. email_conflicts lists the addresses that are not.';
COMMENT ON COLUMN email_changes.old_email IS 'In canonical form. No other account gets it while the change can be undone.';
COMMENT ON TABLE email_verifications IS 'Requests to prove that the owner of an account reads an address.';
COMMENT ON COLUMN email_outbox.recipient IS 'The address in canonical form.';
COMMENT ON COLUMN email_conflicts.address IS 'The canonical form, with which only its holder logs in.';
COMMENT ON COLUMN role_assignments.valid_until IS 'When the term ends by itself; without it, it ends when a user with the permission ends it.';
COMMENT ON COLUMN known_networks.network IS 'In CIDR notation, without the part that names a machine: an IPv4 /24 or an IPv6 /48.';
