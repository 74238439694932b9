CREATE TABLE claim_evidence (
    id uuid NOT NULL,
    claim_id uuid NOT NULL,
    kind text,
    bytes bigint,
    sha256 bytea,
    created_at timestamptz NOT NULL,
    uploaded_at timestamptz,
    delete_after timestamptz,
    CONSTRAINT claim_evidence_pkey PRIMARY KEY (id),
    CONSTRAINT claim_evidence_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES claims (id),
    CONSTRAINT claim_evidence_kind_check CHECK (kind IN ('pdf', 'jpeg', 'png', 'webp')),
    CONSTRAINT claim_evidence_bytes_check CHECK (bytes > 0),
    CONSTRAINT claim_evidence_uploaded_check CHECK (
        (uploaded_at IS NULL) = (kind IS NULL) AND (uploaded_at IS NULL) = (bytes IS NULL) AND (uploaded_at IS NULL) = (sha256 IS NULL)
    ),
    CONSTRAINT claim_evidence_delete_check CHECK (uploaded_at IS NOT NULL OR delete_after IS NOT NULL)
);
COMMENT ON TABLE claim_evidence IS 'Files that applicants sent as evidence of their claims. The id names the file in the store of files, which is deleted before its row.';
COMMENT ON COLUMN claim_evidence.sha256 IS 'Of the file: the same file is stored once for a claim.';
COMMENT ON COLUMN claim_evidence.created_at IS 'When its upload began.';
COMMENT ON COLUMN claim_evidence.uploaded_at IS 'When it was stored; null while it is being received.';
COMMENT ON COLUMN claim_evidence.delete_after IS 'From then on the file is not shown, and a job deletes it; null while the claim is open.';
CREATE INDEX claim_evidence_claim_idx ON claim_evidence (claim_id, uploaded_at);
CREATE INDEX claim_evidence_delete_idx ON claim_evidence (delete_after, id) WHERE delete_after IS NOT NULL;

CREATE INDEX claims_ended_idx ON claims (decided_at, id) WHERE state IN ('rejected', 'withdrawn');
CREATE INDEX invitations_asked_idx ON invitations (created_at, id) WHERE claim_id IS NOT NULL;
CREATE INDEX invitation_batches_expires_at_idx ON invitation_batches (expires_at, id);
CREATE INDEX mailbox_suppressions_until_idx ON mailbox_suppressions (until);
