CREATE TABLE holidays (
    day date NOT NULL,
    name text NOT NULL,
    created_by uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT holidays_pkey PRIMARY KEY (day)
);
COMMENT ON TABLE holidays IS 'Public holidays in Nigeria, which the office enters: the clock of claims stands still on them.';
COMMENT ON COLUMN holidays.day IS 'A day in Lagos.';

CREATE TABLE claims (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    state text NOT NULL,
    awards jsonb NOT NULL,
    names text[] NOT NULL,
    faculties text[] COLLATE "C" NOT NULL DEFAULT '{}',
    list_me boolean NOT NULL,
    record_id uuid,
    method text,
    needs_second boolean NOT NULL DEFAULT false,
    submitted_at timestamptz,
    due_at timestamptz,
    clock_stopped_at timestamptz,
    assigned_to uuid,
    assigned_until timestamptz,
    decided_at timestamptz,
    flagged_at timestamptz,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (id),
    CONSTRAINT claims_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT claims_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id),
    CONSTRAINT claims_state_check CHECK (state IN ('draft', 'submitted', 'in_review', 'needs_info', 'verified', 'rejected', 'withdrawn', 'revoked')),
    CONSTRAINT claims_method_check CHECK (method IN ('code', 'mailbox', 'review')),
    CONSTRAINT claims_assigned_check CHECK ((assigned_to IS NULL) = (assigned_until IS NULL)),
    CONSTRAINT claims_verified_check CHECK (state <> 'verified' OR (record_id IS NOT NULL AND method IS NOT NULL)),
    CONSTRAINT claims_due_check CHECK (due_at IS NOT NULL OR state NOT IN ('submitted', 'in_review', 'needs_info'))
);
COMMENT ON TABLE claims IS 'Requests of accounts to be linked to a record of the register.';
COMMENT ON COLUMN claims.awards IS 'What the applicant says they were awarded, with codes of the reference data.';
COMMENT ON COLUMN claims.names IS 'Full names of the applicant, now and at graduation.';
COMMENT ON COLUMN claims.faculties IS 'Codes of the faculties of the awards, for the filter of the queue.';
COMMENT ON COLUMN claims.list_me IS 'Whether the applicant wants to be listed in the directory once verified.';
COMMENT ON COLUMN claims.record_id IS 'Of the code, or as a reviewer noted it; of a verified claim, the record of the account.';
COMMENT ON COLUMN claims.needs_second IS 'Whether two reviewers must agree.';
COMMENT ON COLUMN claims.due_at IS 'When the office should have decided.';
COMMENT ON COLUMN claims.clock_stopped_at IS 'Since when the claim waits for the applicant; null while the clock runs.';
COMMENT ON COLUMN claims.assigned_to IS 'The reviewer who has the claim until assigned_until.';
COMMENT ON COLUMN claims.flagged_at IS 'When the owner of the mailbox on record last said that they asked for no code.';

CREATE UNIQUE INDEX claims_open_key ON claims (user_id) WHERE state IN ('draft', 'submitted', 'in_review', 'needs_info');
COMMENT ON INDEX claims_open_key IS 'An account has one open claim.';
CREATE UNIQUE INDEX claims_verified_user_key ON claims (user_id) WHERE state = 'verified';
COMMENT ON INDEX claims_verified_user_key IS 'An account is linked to one record.';
CREATE UNIQUE INDEX claims_verified_key ON claims (record_id) WHERE state = 'verified';
COMMENT ON INDEX claims_verified_key IS 'A record is linked to one account.';
CREATE INDEX claims_queue_idx ON claims (due_at, id) WHERE due_at IS NOT NULL AND state IN ('submitted', 'in_review');
CREATE INDEX claims_due_idx ON claims (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX claims_user_idx ON claims (user_id, created_at, id);
CREATE INDEX claims_record_idx ON claims (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX claims_waiting_idx ON claims (clock_stopped_at, id) WHERE state = 'needs_info';

CREATE TABLE claim_events (
    id uuid NOT NULL,
    claim_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid,
    kind text NOT NULL,
    reason_code text,
    message text,
    visible_to_applicant boolean NOT NULL,
    CONSTRAINT claim_events_pkey PRIMARY KEY (id),
    CONSTRAINT claim_events_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES claims (id) ON DELETE CASCADE
);
COMMENT ON TABLE claim_events IS 'What happened to each claim. Rows are never changed.';
COMMENT ON COLUMN claim_events.id IS 'UUIDv7.';
COMMENT ON COLUMN claim_events.actor_id IS 'Null for the server and for people without an account.';
CREATE INDEX claim_events_claim_idx ON claim_events (claim_id, id);

CREATE TABLE claim_decisions (
    claim_id uuid NOT NULL,
    subject text NOT NULL,
    reviewer_id uuid NOT NULL,
    verdict text NOT NULL,
    record_id uuid,
    at timestamptz NOT NULL,
    CONSTRAINT claim_decisions_pkey PRIMARY KEY (claim_id, subject, reviewer_id),
    CONSTRAINT claim_decisions_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES claims (id) ON DELETE CASCADE,
    CONSTRAINT claim_decisions_subject_check CHECK (subject IN ('claim', 'revocation')),
    CONSTRAINT claim_decisions_verdict_check CHECK (verdict IN ('approve', 'reject', 'revoke')),
    CONSTRAINT claim_decisions_record_check CHECK ((verdict = 'approve') = (record_id IS NOT NULL))
);
COMMENT ON TABLE claim_decisions IS 'Votes of reviewers. A reviewer has one on each subject of a claim.';
COMMENT ON COLUMN claim_decisions.subject IS 'claim: the open claim; revocation: the verified one.';
COMMENT ON COLUMN claim_decisions.record_id IS 'The record that an approval is about.';

CREATE TABLE invitation_batches (
    id uuid NOT NULL,
    channel text NOT NULL,
    segment jsonb NOT NULL,
    state text NOT NULL,
    made bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    downloaded_at timestamptz,
    created_by uuid,
    created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL,
    CONSTRAINT invitation_batches_pkey PRIMARY KEY (id),
    CONSTRAINT invitation_batches_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT invitation_batches_channel_check CHECK (channel IN ('printed', 'email')),
    CONSTRAINT invitation_batches_state_check CHECK (state IN ('preparing', 'ready', 'failed')),
    CONSTRAINT invitation_batches_made_check CHECK (made >= 0 AND skipped >= 0)
);
COMMENT ON TABLE invitation_batches IS 'Invitations of the office to claim records, made together.';
COMMENT ON COLUMN invitation_batches.segment IS 'Which records were invited.';
COMMENT ON COLUMN invitation_batches.made IS 'Number of invitations so far.';
COMMENT ON COLUMN invitation_batches.skipped IS 'Records without an address, or whose owner wants no such mail.';
COMMENT ON COLUMN invitation_batches.revoked_at IS 'From then on none of its codes is good.';
COMMENT ON COLUMN invitation_batches.downloaded_at IS 'When the codes were downloaded first.';
CREATE INDEX invitation_batches_created_at_idx ON invitation_batches (created_at, id);

CREATE TABLE invitations (
    id uuid NOT NULL,
    batch_id uuid,
    claim_id uuid,
    record_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    disown_hash bytea,
    expires_at timestamptz NOT NULL,
    opened_at timestamptz,
    accepted_at timestamptz,
    accepted_by uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT invitations_pkey PRIMARY KEY (id),
    CONSTRAINT invitations_code_hash_key UNIQUE (code_hash),
    CONSTRAINT invitations_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES invitation_batches (id),
    CONSTRAINT invitations_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES claims (id) ON DELETE CASCADE,
    CONSTRAINT invitations_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id),
    CONSTRAINT invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT invitations_origin_check CHECK ((batch_id IS NULL) <> (claim_id IS NULL))
);
COMMENT ON TABLE invitations IS 'Codes to claim a record: printed, mailed, or asked for by a claimant.';
COMMENT ON COLUMN invitations.batch_id IS 'Null for a code that a claimant asked for.';
COMMENT ON COLUMN invitations.claim_id IS 'The claim whose applicant asked for the code; it is good for that claim alone.';
COMMENT ON COLUMN invitations.code_hash IS 'HMAC-SHA-256 of the code. The code is derived from the id and stored nowhere.';
COMMENT ON COLUMN invitations.disown_hash IS 'SHA-256 of the token by which the owner of the mailbox says that they asked for no code.';
COMMENT ON COLUMN invitations.opened_at IS 'When its preview was first seen.';
CREATE UNIQUE INDEX invitations_disown_hash_key ON invitations (disown_hash) WHERE disown_hash IS NOT NULL;
CREATE INDEX invitations_batch_idx ON invitations (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX invitations_opened_idx ON invitations (batch_id) WHERE batch_id IS NOT NULL AND opened_at IS NOT NULL;
CREATE INDEX invitations_accepted_idx ON invitations (batch_id) WHERE batch_id IS NOT NULL AND accepted_at IS NOT NULL;
CREATE INDEX invitations_record_idx ON invitations (record_id, created_at);
CREATE INDEX invitations_claim_idx ON invitations (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX invitations_accepted_by_idx ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;

CREATE TABLE mailbox_suppressions (
    record_id uuid NOT NULL,
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT mailbox_suppressions_pkey PRIMARY KEY (record_id),
    CONSTRAINT mailbox_suppressions_record_id_fkey FOREIGN KEY (record_id) REFERENCES alumni_records (id) ON DELETE CASCADE
);
COMMENT ON TABLE mailbox_suppressions IS 'Records to whose address no code is mailed until then, because its owner asked for none.';
