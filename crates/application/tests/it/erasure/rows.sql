-- A row about the account :user in every table that an erasure changes. :other is another member, :group and
-- :direct are rooms of both, :message is a message of the account with a client's id, :theirs one of :other.

INSERT INTO email_outbox (id, recipient, kind, params, created_at, next_attempt_at)
SELECT gen_random_uuid(), email, 'account_exists', '{}', now(), now() FROM users WHERE id = :user;

INSERT INTO idempotency_keys
    (scope, route, key, request_hash, status, content_type, location, etag, body, created_at, expires_at)
VALUES (:user::text, '/api/v1/rooms', gen_random_uuid(), 'hash', 201, 'application/json', '/x', '"1"', 'body',
        now(), now() + interval '1 day');

INSERT INTO role_assignments
    (id, user_id, role_id, scope_type, valid_from, office_title, created_at, last_modified)
SELECT gen_random_uuid(), :user, id, 'global', now(), 'Secretary', now(), now() FROM roles LIMIT 1;

INSERT INTO user_group (user_id, group_id)
SELECT :user, id FROM groups WHERE name = 'applicant_group';

INSERT INTO consents (id, user_id, purpose, version, granted, source, created_at)
VALUES (gen_random_uuid(), :user, 'terms', '2026-01', true, 'registration', now());

INSERT INTO user_emails (id, user_id, email, is_primary, verified_at, created_at)
VALUES ('00000000-0000-0000-0000-0000000000e1', :user, 'further@example.com', false, NULL, now());

INSERT INTO email_verifications (id, email_id, token_hash, makes_primary, created_at, expires_at, approval_hash)
VALUES (gen_random_uuid(), '00000000-0000-0000-0000-0000000000e1', 'token', false, now(), now(), 'approval');

INSERT INTO email_conflicts (email_id, address, holder_id, found_at)
VALUES ('00000000-0000-0000-0000-0000000000e1', 'further@example.com', :other, now());

INSERT INTO email_changes (id, user_id, old_email, new_email, undo_hash, changed_at, undo_until)
VALUES (gen_random_uuid(), :user, 'old@example.com', 'new@example.com', 'undo', now(), now());

INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
VALUES (gen_random_uuid(), :user, 'reset', now(), now());

UPDATE sessions SET device_name = 'A phone', address = '192.0.2.0/24' WHERE user_id = :user;

INSERT INTO known_networks (user_id, network, last_used_at) VALUES (:user, '192.0.2.0/24', now());

INSERT INTO totp_secrets (user_id, sealed_secret, created_at) VALUES (:user, 'sealed', now());

INSERT INTO totp_recovery_codes (user_id, code_hash) VALUES (:user, 'code 1'), (:user, 'code 2');

INSERT INTO user_presence (user_id, last_seen_at) VALUES (:user, now());

INSERT INTO erasures (user_id, requested_by, reason, requested_at, runs_at)
VALUES (:user, :other, 'Asked for it.', now() - interval '8 days', now() - interval '1 day');

INSERT INTO room_departures (room_id, user_id, left_at) VALUES (:group, :user, now());

INSERT INTO room_invitations (id, room_id, user_id, invited_by, created_at)
VALUES (gen_random_uuid(), :group, :user, :other, now()), (gen_random_uuid(), :direct, :other, :user, now());

INSERT INTO room_additions (user_id, added_at, people) VALUES (:user, now(), 3);

INSERT INTO message_edits (message_id, revision, body, changed_by, changed_at)
VALUES (:message, 1, 'what it said first', :user, now());

INSERT INTO message_reactions (message_id, user_id, emoji, revision, created_at)
VALUES (:theirs, :user, '👍', 2, now());

INSERT INTO message_emoji (message_id, emoji, reactions, first_revision) VALUES (:theirs, '👍', 1, 2);

INSERT INTO chat_tickets (ticket_hash, user_id, expires_at, access_expires_at, session_id)
SELECT 'ticket', :user, now(), now(), id FROM sessions WHERE user_id = :user LIMIT 1;

INSERT INTO data_exports (id, user_id, task_id, requested_at)
VALUES (gen_random_uuid(), :user, gen_random_uuid(), now());

INSERT INTO alumni_records (id, surname, given_names, name_tokens, created_at, last_modified)
VALUES ('00000000-0000-4000-8000-0000000000a1', 'Bello', 'Amina', '{amina,bello}', now(), now());

INSERT INTO claims (id, user_id, state, awards, names, list_me, created_at, last_modified)
VALUES ('00000000-0000-4000-8000-0000000000c1', :user, 'draft', '[]', '{Amina Bello}', true, now(), now());

INSERT INTO claim_events (id, claim_id, at, actor_id, kind, message, visible_to_applicant)
VALUES (gen_random_uuid(), '00000000-0000-4000-8000-0000000000c1', now(), :user, 'answered', 'Here I am.', true);

INSERT INTO claim_decisions (claim_id, subject, reviewer_id, verdict, at)
VALUES ('00000000-0000-4000-8000-0000000000c1', 'claim', :other, 'reject', now());

INSERT INTO invitations (id, claim_id, record_id, code_hash, expires_at, accepted_at, accepted_by, created_at)
VALUES (gen_random_uuid(), '00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000a1', 'code',
        now(), now(), :user, now());

INSERT INTO employers (uuid, name, name_key, created_at, last_modified)
VALUES ('00000000-0000-4000-8000-0000000000e5', 'An employer of one member', 'an employer of one member', now(), now());

INSERT INTO skills (uuid, name, name_key, created_at, last_modified)
VALUES ('00000000-0000-4000-8000-0000000000e6', 'A skill of one member', 'a skill of one member', now(), now());

INSERT INTO profiles (user_id, slug, preferred_name, headline, bio, city, created_at, last_modified)
VALUES (:user, 'amina-bello', 'Amina', 'A headline', 'A text', 'Kaduna', now(), now());

INSERT INTO field_visibility (user_id, field, level) VALUES (:user, 'headline', 'only_me');

INSERT INTO experiences (id, user_id, employer_id, title, started, is_current)
SELECT gen_random_uuid(), :user, id, 'Engineer', '2019-07-01', true FROM employers;

INSERT INTO educations (id, user_id, institution, degree, field, from_year, to_year)
VALUES (gen_random_uuid(), :user, 'A school', 'A diploma', 'A subject', 2001, 2005);

INSERT INTO profile_skills (user_id, skill_id, position) SELECT :user, id, 1 FROM skills;

INSERT INTO profile_links (id, user_id, kind, url, created_at)
VALUES (gen_random_uuid(), :user, 'website', 'https://example.com/amina', now());

INSERT INTO directory_entries (user_id, display_name, name_key, name_set, name_count, terms, grad_year, department_id,
                               country_id, state_id, city, industry_id, employer_id, headline)
VALUES (:user, 'Amina Bello', 'bello amina', 'amina bello', 2, '{amina,bello}', 2015, 1, 1, 1, 'Zaria', 1, 1, 'Engineer');
INSERT INTO claim_evidence (id, claim_id, kind, bytes, sha256, created_at, uploaded_at)
VALUES (gen_random_uuid(), '00000000-0000-4000-8000-0000000000c1', 'pdf', 1, 'hash', now(), now());
