// Written by `cargo run -p abu-repository --example print-schema`; do not edit.

diesel::table! {
    /// The register of graduates, one row a person. Members never see it.
    alumni_records (id) {
        id -> Uuid,
        surname -> Text,
        given_names -> Text,
        previous_names -> Array<Nullable<Text>>,
        /// Distinct tokens of surname and given names, sorted by bytes.
        name_tokens -> Array<Nullable<Text>>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        date_of_birth -> Nullable<Date>,
        state -> Text,
        /// The record that replaced this one.
        merged_into -> Nullable<Uuid>,
        /// The import that created the record: the source of each field that record_field_sources does not name. Null for records of the office. Without a foreign key, which would check a million times that one row exists; imports are never deleted.
        created_by_import -> Nullable<Uuid>,
        /// Rises with each change of the record or of one of its awards.
        version -> Int8,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Who did what to whom. Rows are added and never changed, and each proves the one before.
    audit_log (seq) {
        /// Place in the chain: 1, 2, 3 and so on, without gaps.
        seq -> Int8,
        /// UUIDv7.
        id -> Uuid,
        created_at -> Timestamptz,
        /// The account that acted. No foreign key: the entry outlives it.
        actor_id -> Nullable<Uuid>,
        /// The kind of actor: user, anonymous, system, or os:NAME for an operator at the machine.
        actor -> Text,
        action -> Text,
        target_type -> Nullable<Text>,
        target_id -> Nullable<Text>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        /// A JSON object of texts; kept as text, because its very bytes are hashed.
        details -> Text,
        /// hash of the entry before; 32 zero bytes in the first one.
        prev_hash -> Bytea,
        /// SHA-256 over prev_hash and every other column.
        hash -> Bytea,
    }
}

diesel::table! {
    /// The newest entry of the audit log.
    audit_log_head (single) {
        single -> Bool,
        seq -> Int8,
        hash -> Bytea,
    }
}

diesel::table! {
    /// Heads of the audit log that servers noted, about one an hour. Rows are added, and only their seal changes, with the key.
    audit_witnesses (seq) {
        /// The newest entry at that time.
        seq -> Int8,
        /// The hash of that entry.
        hash -> Bytea,
        noted_at -> Timestamptz,
        /// HMAC over seq and hash with a key that is not in the database.
        seal -> Bytea,
    }
}

diesel::table! {
    /// Degrees and diplomas of the people in the register.
    awards (id) {
        id -> Uuid,
        record_id -> Uuid,
        programme_id -> Nullable<Int4>,
        department_id -> Nullable<Int2>,
        degree_id -> Int2,
        year -> Int2,
        class_of_degree -> Nullable<Text>,
        /// The matriculation number as the source spells it.
        matric_raw -> Nullable<Text>,
        /// Its letters and digits alone, upper case. Not unique: a person may have several awards, and clerks err.
        matric_norm -> Nullable<Text>,
        /// As in alumni_records.
        created_by_import -> Nullable<Uuid>,
        version -> Int8,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// How far existing rows were brought to a new form, in batches, after the migrations.
    backfills (name) {
        /// Which rows; the program lists the names.
        name -> Text,
        /// The key of the last row that was looked at; a backfill that was interrupted goes on after it.
        position -> Nullable<Uuid>,
        /// End of the first pass, before the new release serves.
        finished_at -> Nullable<Timestamptz>,
        /// End of the second pass, after the previous release has stopped: it wrote rows while the first one ran.
        repeated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// One-use tickets for the chat's handshake; a row is deleted when its ticket is used.
    chat_tickets (ticket_hash) {
        /// SHA-256 of the ticket, which itself is never stored.
        ticket_hash -> Bytea,
        user_id -> Uuid,
        expires_at -> Timestamptz,
        /// When the access token that bought the ticket expires; the session ends then.
        access_expires_at -> Timestamptz,
        /// The log-in whose access token bought the ticket; the ticket is worth nothing without one.
        session_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Votes of reviewers. A reviewer has one on each subject of a claim.
    claim_decisions (claim_id, subject, reviewer_id) {
        claim_id -> Uuid,
        /// claim: the open claim; revocation: the verified one.
        subject -> Text,
        reviewer_id -> Uuid,
        verdict -> Text,
        /// The record that an approval is about.
        record_id -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// What happened to each claim. Rows are never changed.
    claim_events (id) {
        /// UUIDv7.
        id -> Uuid,
        claim_id -> Uuid,
        at -> Timestamptz,
        /// Null for the server and for people without an account.
        actor_id -> Nullable<Uuid>,
        kind -> Text,
        reason_code -> Nullable<Text>,
        message -> Nullable<Text>,
        visible_to_applicant -> Bool,
    }
}

diesel::table! {
    /// Files that applicants sent as evidence of their claims. The id names the file in the store of files, which is deleted before its row.
    claim_evidence (id) {
        id -> Uuid,
        claim_id -> Uuid,
        kind -> Nullable<Text>,
        bytes -> Nullable<Int8>,
        /// Of the file: the same file is stored once for a claim.
        sha256 -> Nullable<Bytea>,
        /// When its upload began.
        created_at -> Timestamptz,
        /// When it was stored; null while it is being received.
        uploaded_at -> Nullable<Timestamptz>,
        /// From then on the file is not shown, and a job deletes it; null while the claim is open.
        delete_after -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Requests of accounts to be linked to a record of the register.
    claims (id) {
        id -> Uuid,
        user_id -> Uuid,
        state -> Text,
        /// What the applicant says they were awarded, with codes of the reference data.
        awards -> Jsonb,
        /// Full names of the applicant, now and at graduation.
        names -> Array<Nullable<Text>>,
        /// Codes of the faculties of the awards, for the filter of the queue.
        faculties -> Array<Nullable<Text>>,
        /// Whether the applicant wants to be listed in the directory once verified.
        list_me -> Bool,
        /// Of the code, or as a reviewer noted it; of a verified claim, the record of the account.
        record_id -> Nullable<Uuid>,
        method -> Nullable<Text>,
        /// Whether two reviewers must agree.
        needs_second -> Bool,
        submitted_at -> Nullable<Timestamptz>,
        /// When the office should have decided.
        due_at -> Nullable<Timestamptz>,
        /// Since when the claim waits for the applicant; null while the clock runs.
        clock_stopped_at -> Nullable<Timestamptz>,
        /// The reviewer who has the claim until assigned_until.
        assigned_to -> Nullable<Uuid>,
        assigned_until -> Nullable<Timestamptz>,
        decided_at -> Nullable<Timestamptz>,
        /// When the owner of the mailbox on record last said that they asked for no code.
        flagged_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// What people agreed to and when; a change of mind is another row.
    consents (id) {
        id -> Uuid,
        user_id -> Uuid,
        /// What for, such as terms, directory or digest.
        purpose -> Text,
        /// Of the text they were shown.
        version -> Text,
        granted -> Bool,
        /// Where they were asked, such as registration.
        source -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Countries and territories of ISO 3166-1. Rows are never deleted.
    countries (id) {
        id -> Int2,
        /// ISO 3166-1 alpha-2.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Copies of their data that people asked for. The file is in the store of files, under the export's id.
    data_exports (id) {
        /// UUIDv4; names the file too.
        id -> Uuid,
        user_id -> Uuid,
        /// The task that writes the file. No foreign key: the export outlives it.
        task_id -> Uuid,
        requested_at -> Timestamptz,
        ready_at -> Nullable<Timestamptz>,
        failed_at -> Nullable<Timestamptz>,
        /// When the file is deleted, and the row with it.
        expires_at -> Nullable<Timestamptz>,
        bytes -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Degrees, diplomas and certificates that the university awards. Rows are never deleted.
    degrees (id) {
        id -> Int2,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        level -> Text,
        abbreviation -> Text,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Departments of the university, past and present. Rows are never deleted.
    departments (id) {
        id -> Int2,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        faculty_id -> Int2,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Search rows of listed members: what verified graduates may see of each, written with the profile. A hidden field is null, and not among the terms.
    directory_entries (user_id) {
        user_id -> Uuid,
        display_name -> Text,
        /// The folded name, the surname first.
        name_key -> Text,
        /// The sorted tokens of the name: equal for names that differ in order alone.
        name_set -> Text,
        /// How many tokens the name has.
        name_count -> Int2,
        /// Tokens of names, and facets with their marks, such as #d12 for department 12.
        terms -> Array<Nullable<Text>>,
        /// The year of the first award; terms has the years of all.
        grad_year -> Nullable<Int2>,
        /// The department of the first award.
        department_id -> Nullable<Int2>,
        country_id -> Nullable<Int2>,
        state_id -> Nullable<Int2>,
        city -> Nullable<Text>,
        industry_id -> Nullable<Int2>,
        employer_id -> Nullable<Int4>,
        headline -> Nullable<Text>,
    }
}

diesel::table! {
    /// Education of members outside the university, in their own words. Awards of the university are in the register.
    educations (id) {
        id -> Uuid,
        user_id -> Uuid,
        institution -> Text,
        degree -> Nullable<Text>,
        field -> Nullable<Text>,
        from_year -> Nullable<Int2>,
        to_year -> Nullable<Int2>,
    }
}

diesel::table! {
    /// Changes of primary addresses, which the reader of the old one may undo.
    email_changes (id) {
        id -> Uuid,
        user_id -> Uuid,
        /// In canonical form. No other account gets it while the change can be undone.
        old_email -> Text,
        new_email -> Text,
        /// SHA-256 of the token in the mail to the old address.
        undo_hash -> Bytea,
        changed_at -> Timestamptz,
        undo_until -> Timestamptz,
        undone_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Addresses that keep an older spelling, because another account has the canonical one. The office decides.
    email_conflicts (email_id) {
        email_id -> Uuid,
        /// The canonical form, with which only its holder logs in.
        address -> Text,
        /// The account that verified it first; null once that is gone.
        holder_id -> Nullable<Uuid>,
        found_at -> Timestamptz,
    }
}

diesel::table! {
    /// Mail to be sent, and for a while what became of it. Holds no secret: links are made when a mail is sent.
    email_outbox (id) {
        /// UUIDv7; the Message-ID is made of it.
        id -> Uuid,
        /// The address in canonical form.
        recipient -> Text,
        /// What it is about, such as verify_email; names the templates.
        kind -> Text,
        /// What the templates need to know: names, times, ids.
        params -> Jsonb,
        created_at -> Timestamptz,
        /// pending: due at next_attempt_at, or being sent; sent: the mail server took it; dead: given up.
        state -> Text,
        /// How often sending it was tried, an attempt under way included.
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        /// Until when it belongs to the worker that claimed it, which knows its claim by this time.
        leased_until -> Nullable<Timestamptz>,
        /// Why the last failed attempt failed: a few words, without addresses.
        last_error -> Nullable<Text>,
        /// When the last failed attempt failed.
        failed_at -> Nullable<Timestamptz>,
        sent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Requests to prove that the owner of an account reads an address.
    email_verifications (id) {
        id -> Uuid,
        email_id -> Uuid,
        /// SHA-256 of the token in the mail.
        token_hash -> Bytea,
        /// Whether the address becomes the primary one with it.
        makes_primary -> Bool,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        /// When it was used or replaced by a newer one; it is dead since.
        used_at -> Nullable<Timestamptz>,
        /// SHA-256 of the token in the mail to the primary address, which approves a further or new address.
        approval_hash -> Nullable<Bytea>,
        /// When the link to the address was opened, while it waits for the approval.
        opened_at -> Nullable<Timestamptz>,
        /// When the link to the primary address was opened, while it waits for the other one.
        approved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Employers as members name them, each spelling once.
    employers (id) {
        id -> Int4,
        /// Names the row for programs.
        uuid -> Uuid,
        /// As its first user or the office spells it.
        name -> Text,
        /// The name without case, accents and punctuation.
        name_key -> Text,
        /// A proposed name is neither suggested to others nor a filter; three users or the office confirm it.
        state -> Text,
        /// What the name stands for; that row is not merged itself.
        merged_into -> Nullable<Int4>,
        /// How many members name it, as counted last.
        uses -> Int4,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts that were erased. A restored backup may hold them again, and the ledger names them without their data.
    erasure_ledger (user_hash) {
        /// SHA-256 of the 16 bytes of the account's id.
        user_hash -> Bytea,
        erased_at -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts that are to be erased.
    erasures (user_id) {
        user_id -> Uuid,
        requested_by -> Nullable<Uuid>,
        reason -> Text,
        requested_at -> Timestamptz,
        /// Until then it can be called off.
        runs_at -> Timestamptz,
        /// When the erasure began; it cannot be called off since.
        started_at -> Nullable<Timestamptz>,
        /// Which part of the work is next, so that an interrupted erasure goes on where it was.
        stage -> Int2,
        /// Where in that part; each part says what it means.
        position -> Nullable<Uuid>,
        /// The last mail to the owner; the erasure waits until it is sent before it forgets the address.
        farewell_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Work of members, present and past.
    experiences (id) {
        id -> Uuid,
        user_id -> Uuid,
        employer_id -> Nullable<Int4>,
        title -> Text,
        /// The first day of the month.
        started -> Nullable<Date>,
        /// The first day of the month.
        ended -> Nullable<Date>,
        is_current -> Bool,
    }
}

diesel::table! {
    /// How many search rows have each facet term, as counted every ten minutes.
    facet_counts (term) {
        /// As in directory_entries.terms; # is all rows.
        term -> Text,
        members -> Int4,
    }
}

diesel::table! {
    /// Faculties and schools of the university, past and present. Rows are never deleted.
    faculties (id) {
        id -> Int2,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Who may see a field of a profile. A field without a row has the level that is its default.
    field_visibility (user_id, field) {
        user_id -> Uuid,
        field -> Text,
        level -> Text,
    }
}

diesel::table! {
    /// Named sets of roles that users are put in, such as super_admin_group.
    groups (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Public holidays in Nigeria, which the office enters: the clock of claims stands still on them.
    holidays (day) {
        /// A day in Lagos.
        day -> Date,
        name -> Text,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Requests that are done once: the keys their clients gave them, and what they were answered.
    idempotency_keys (scope, route, key) {
        /// Id of the user who asked, or anonymous.
        scope -> Text,
        /// Address of the route, with names for its parts; all are POST.
        route -> Text,
        /// The header Idempotency-Key.
        key -> Uuid,
        /// HMAC-SHA-256 over method, address, content type and body, with a key of the server's: a body may hold a password.
        request_hash -> Bytea,
        /// HTTP status of the answer; none while the request is under way.
        status -> Nullable<Int2>,
        /// Of the answer.
        content_type -> Nullable<Text>,
        /// Of the answer.
        location -> Nullable<Text>,
        /// Of the answer.
        etag -> Nullable<Text>,
        /// Of the answer, before compression.
        body -> Nullable<Bytea>,
        /// When the key was claimed, by which its holder is known; one without an answer counts as abandoned after a minute.
        created_at -> Timestamptz,
        /// When the key may be used for something new.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// What imports overwrote, for their roll-back.
    import_changes (import_id, record_id) {
        import_id -> Uuid,
        record_id -> Uuid,
        /// The record, its changed awards and its field sources before the import.
        before -> Jsonb,
        /// Version of the record that the import left.
        after_version -> Int8,
    }
}

diesel::table! {
    /// Staged lines of imports. Unlogged: a crash of the database empties it, and the stored file fills it again.
    import_rows (import_id, line) {
        import_id -> Uuid,
        line -> Int4,
        /// Why the line is malformed or holds unknown values; empty otherwise.
        defects -> Array<Nullable<Text>>,
        surname -> Nullable<Text>,
        given_names -> Nullable<Text>,
        name_tokens -> Nullable<Array<Nullable<Text>>>,
        matric_raw -> Nullable<Text>,
        matric_norm -> Nullable<Text>,
        department_id -> Nullable<Int2>,
        programme_id -> Nullable<Int4>,
        degree_id -> Nullable<Int2>,
        year -> Nullable<Int2>,
        class_of_degree -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        date_of_birth -> Nullable<Date>,
    }
}

diesel::table! {
    /// The verdict on each staged line. Written once, by one statement.
    import_verdicts (import_id, line) {
        import_id -> Uuid,
        line -> Int4,
        state -> Text,
        reasons -> Array<Nullable<Text>>,
        /// The record that the line matches; the id of the new record if the line is ready.
        record_id -> Nullable<Uuid>,
        /// The award that the line matches; the id of the new award if there is none.
        award_id -> Nullable<Uuid>,
        /// Version of the record as judged; null for a new one.
        record_version -> Nullable<Int8>,
        /// Changed fields with their values before and after, and fields kept because their source outranks an import.
        diff -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Files of graduates that the office uploaded. Rows stay; the files go.
    imports (id) {
        id -> Uuid,
        kind -> Text,
        state -> Text,
        file_name -> Text,
        /// SHA-256 of the file.
        file_hash -> Bytea,
        /// Key in the file store; null once the file is deleted.
        file_key -> Nullable<Text>,
        bytes -> Int8,
        encoding -> Nullable<Text>,
        delimiter -> Nullable<Text>,
        mapping -> Jsonb,
        /// SHA-256 of the mapping as canonical JSON.
        mapping_hash -> Bytea,
        /// Why the office may process the data, in its own words.
        legal_basis -> Text,
        /// Whether the import is no dry run: the commit follows the judgment.
        commit_when_judged -> Bool,
        /// Number of records in the file, without its header.
        lines -> Int8,
        /// Number of lines by verdict.
        counts -> Jsonb,
        /// Distinct values that the mapping lacks, with the number of their lines.
        unknown_values -> Jsonb,
        /// Why the last step failed; null if it did not.
        failure -> Nullable<Text>,
        /// The process that works on the import, while one does; the fencing token of its commit.
        run_id -> Nullable<Uuid>,
        /// Last sign of life of that process. A later one takes over a minute after it.
        heartbeat_at -> Nullable<Timestamptz>,
        /// The newest task about the import.
        task_id -> Nullable<Uuid>,
        /// Null for the operator at the machine.
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        /// Time before the judgment read the register.
        judged_at -> Nullable<Timestamptz>,
        committed_by -> Nullable<Uuid>,
        committed_at -> Nullable<Timestamptz>,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Industries: the sections of ISIC Rev. 4 under labels of our own. Rows are never deleted.
    industries (id) {
        id -> Int2,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        /// The letter of the section in ISIC Rev. 4.
        section -> Text,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Invitations of the office to claim records, made together.
    invitation_batches (id) {
        id -> Uuid,
        channel -> Text,
        /// Which records were invited.
        segment -> Jsonb,
        state -> Text,
        /// Number of invitations so far.
        made -> Int8,
        /// Records without an address, or whose owner wants no such mail.
        skipped -> Int8,
        expires_at -> Timestamptz,
        /// From then on none of its codes is good.
        revoked_at -> Nullable<Timestamptz>,
        /// When the codes were downloaded first.
        downloaded_at -> Nullable<Timestamptz>,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Codes to claim a record: printed, mailed, or asked for by a claimant.
    invitations (id) {
        id -> Uuid,
        /// Null for a code that a claimant asked for.
        batch_id -> Nullable<Uuid>,
        /// The claim whose applicant asked for the code; it is good for that claim alone.
        claim_id -> Nullable<Uuid>,
        record_id -> Uuid,
        /// HMAC-SHA-256 of the code. The code is derived from the id and stored nowhere.
        code_hash -> Bytea,
        /// SHA-256 of the token by which the owner of the mailbox says that they asked for no code.
        disown_hash -> Nullable<Bytea>,
        expires_at -> Timestamptz,
        /// When its preview was first seen.
        opened_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
        accepted_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Background work: a row is deleted when its work is done. Dead letters stay until the operator revives or cancels them.
    jobs (id) {
        /// UUIDv7.
        id -> Uuid,
        /// interactive: a person waits for it; a worker serves that lane alone. bulk: all else.
        lane -> Text,
        /// Names the handler. Workers leave kinds that they do not know to a newer release.
        kind -> Text,
        /// At most one pending job of a kind has it.
        key -> Nullable<Text>,
        /// What to do: ids and parameters, no personal data.
        payload -> Jsonb,
        /// Checkpoint: how far the work is, written with the effects of the last step.
        cursor -> Nullable<Jsonb>,
        /// The task that shows its progress.
        task_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        /// pending: due at next_attempt_at, or under way; dead: given up.
        state -> Text,
        /// How often it was claimed since the last step that committed, an attempt under way included.
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        /// Until when it belongs to the worker that claimed it. It is the fencing token: each claim and each renewal sets a later one.
        leased_until -> Nullable<Timestamptz>,
        /// When it was asked to end; the worker ends it between two steps.
        canceled_at -> Nullable<Timestamptz>,
        /// Work that came with the same key while a worker had the job; it runs after this one.
        next_payload -> Nullable<Jsonb>,
        /// When that work is due.
        next_run_at -> Nullable<Timestamptz>,
        /// Why the last failed attempt failed; holds no personal data.
        last_error -> Nullable<Text>,
        /// When the last failed attempt failed.
        failed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Networks from which a user logged in or refreshed a session in the last 90 days.
    known_networks (user_id, network) {
        user_id -> Uuid,
        /// In CIDR notation, without the part that names a machine: an IPv4 /24 or an IPv6 /48.
        network -> Text,
        /// Accurate to a day.
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    /// Records to whose address no code is mailed until then, because its owner asked for none.
    mailbox_suppressions (record_id) {
        record_id -> Uuid,
        until -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// What messages said before they were edited or deleted. No member sees it: it is for those who moderate.
    message_edits (message_id, revision) {
        message_id -> Uuid,
        /// The change of the room that replaced or deleted this text.
        revision -> Int8,
        body -> Text,
        /// Who made that change.
        changed_by -> Uuid,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    /// How many reacted with each emoji of a message: kept in step with message_reactions, so that nothing need be counted.
    message_emoji (message_id, emoji) {
        message_id -> Uuid,
        emoji -> Text,
        reactions -> Int8,
        /// The change of the room that brought the emoji: the oldest comes first.
        first_revision -> Int8,
    }
}

diesel::table! {
    /// Who reacted to what, with which emoji.
    message_reactions (message_id, user_id, emoji) {
        message_id -> Uuid,
        user_id -> Uuid,
        emoji -> Text,
        /// The change of the room that added it: who reacted first comes first.
        revision -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// The messages of all rooms. A deleted message keeps its row and its place, without its text.
    messages (room_id, seq) {
        room_id -> Uuid,
        /// Place in the room: 1, 2, 3 and so on, without gaps or repeats.
        seq -> Int8,
        /// UUIDv7.
        id -> Uuid,
        sender_id -> Uuid,
        body -> Text,
        /// Chosen by the sending client, unique for its sender in each room, so that sending again stores nothing twice.
        client_message_id -> Nullable<Uuid>,
        /// Id of the message in the same room that this one answers.
        reply_to -> Nullable<Uuid>,
        created_at -> Timestamptz,
        /// When the text was last replaced.
        edited_at -> Nullable<Timestamptz>,
        /// Set once it has no text any more; it keeps its place.
        deleted_at -> Nullable<Timestamptz>,
        /// Number of the change of the room that last touched the message; null where none did.
        revision -> Nullable<Int8>,
    }
}

diesel::table! {
    /// Vocabulary of the directory: every token of a search row's names.
    name_tokens (token) {
        token -> Text,
        /// In how many search rows it is, as counted last. Plans depend on it, results do not.
        df -> Int4,
        /// Its consonants as they sound.
        skeleton -> Text,
        /// What its first letters leave without one or two of them: tokens within a few edits share one.
        deletes -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    /// Requests for another password.
    password_resets (id) {
        id -> Uuid,
        user_id -> Uuid,
        /// SHA-256 of the UUID in the mail.
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        /// When it was used or replaced by a newer one; it is dead since.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Which permissions a role holds.
    permission_role (role_id, permission_id) {
        role_id -> Uuid,
        permission_id -> Uuid,
    }
}

diesel::table! {
    /// What a person may do, by names such as can_view_user.
    permissions (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Web addresses that members show.
    profile_links (id) {
        id -> Uuid,
        user_id -> Uuid,
        kind -> Text,
        url -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Skills of members.
    profile_skills (user_id, skill_id) {
        user_id -> Uuid,
        skill_id -> Int4,
        /// Order on the profile.
        position -> Int2,
    }
}

diesel::table! {
    /// What members say about themselves. A member without a row has an empty profile. Changes of anything that a profile shows lock its row.
    profiles (user_id) {
        user_id -> Uuid,
        /// Chosen address of the public page; null without one.
        slug -> Nullable<Text>,
        /// Whether the directory lists the member: the latest answer to the consent directory.
        is_listed -> Bool,
        /// Whether search engines may index the public page.
        allow_indexing -> Bool,
        /// Shown in place of the given names of the register.
        preferred_name -> Nullable<Text>,
        headline -> Nullable<Text>,
        bio -> Nullable<Text>,
        country_id -> Nullable<Int2>,
        /// A state of Nigeria.
        state_id -> Nullable<Int2>,
        city -> Nullable<Text>,
        industry_id -> Nullable<Int2>,
        /// Rises with each change of the profile, its rows elsewhere or its privacy.
        version -> Int8,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Programmes of study: a subject, the department that teaches it, and the degree it leads to. Rows are never deleted.
    programmes (id) {
        id -> Int4,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        department_id -> Int2,
        degree_id -> Int2,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int4>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Token buckets (GCRA) of the limits that guard secrets and mailboxes. Unlogged: a crash of the database fills every bucket.
    rate_limits (key) {
        /// A keyed hash of the limit's name and of what it counts by.
        key -> Uuid,
        /// When the bucket is full again.
        full_at -> Timestamptz,
        /// Whether the bucket gives nothing before it is full.
        is_paused -> Bool,
        /// Tokens taken since the row was inserted.
        taken -> Int4,
        /// How often it was emptied and paused.
        pauses -> Int4,
        /// After this time the row says nothing any more.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Pairs of records that may be one person, found every night.
    record_duplicates (left_id, right_id) {
        left_id -> Uuid,
        right_id -> Uuid,
        /// matric: one matriculation number and degree; names: equal names up to spelling, one department and year.
        reason -> Text,
        /// The last night that found the pair.
        found_at -> Timestamptz,
        /// When the office said that they are two people. The pair is not listed again.
        dismissed_at -> Nullable<Timestamptz>,
        dismissed_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// What the office did to records of the register. Imports have import_changes instead.
    record_events (id) {
        id -> Int8,
        record_id -> Uuid,
        at -> Timestamptz,
        /// merged: into another record; absorbed: took another record over.
        kind -> Text,
        /// Null for the operator at the machine.
        actor_id -> Nullable<Uuid>,
        merge_id -> Nullable<Uuid>,
        /// The changed fields as they were.
        before -> Jsonb,
    }
}

diesel::table! {
    /// Provenance of a field whose source is not the import that created the record.
    record_field_sources (id) {
        id -> Int8,
        record_id -> Uuid,
        /// Null for a field of the record itself.
        award_id -> Nullable<Uuid>,
        field -> Text,
        /// Imports never overwrite fields of the sources office and self.
        source -> Text,
        import_id -> Nullable<Uuid>,
        actor_id -> Nullable<Uuid>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    /// Merges of two records, with everything that undoing one needs.
    record_merges (id) {
        id -> Uuid,
        keep_id -> Uuid,
        drop_id -> Uuid,
        /// Fields that the kept record took from the dropped one.
        choices -> Jsonb,
        /// Both records, their awards and their field sources before the merge.
        before -> Jsonb,
        /// Ids of the awards, claims, invitations and earlier merged records that moved.
        moved -> Jsonb,
        /// Change of the kept record that the merge left: a later one is an edit since.
        keep_modified_at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// The lists of reference data. Writers of a list lock its row first.
    reference_lists (kind) {
        kind -> Text,
        /// Rises by one with each change of the list; 0 for a list that nothing has filled.
        version -> Int8,
        /// Version of the data file that was loaded last; 0 if none was.
        file_version -> Int4,
        /// Where the data file has its rows from.
        source -> Text,
        /// The day on which the source was read.
        retrieved -> Nullable<Date>,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Roles that users hold for a term, everywhere or inside one chapter.
    role_assignments (id) {
        id -> Uuid,
        user_id -> Uuid,
        role_id -> Uuid,
        scope_type -> Text,
        /// Which chapter; the role counts in it and in all below it.
        scope_id -> Nullable<Uuid>,
        valid_from -> Timestamptz,
        /// When the term ends by itself; without it, it ends when a user with the permission ends it.
        valid_until -> Nullable<Timestamptz>,
        /// What the office is called, such as Vice President, North-West.
        office_title -> Nullable<Text>,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Which roles a group holds.
    role_group (group_id, role_id) {
        group_id -> Uuid,
        role_id -> Uuid,
    }
}

diesel::table! {
    /// Named sets of permissions, such as user_admin.
    roles (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// How many people each user brought into rooms on the last day. Removing them again takes nothing back.
    room_additions (user_id, added_at) {
        user_id -> Uuid,
        added_at -> Timestamptz,
        people -> Int4,
    }
}

diesel::table! {
    /// Former members who left by themselves. Others can invite them, but not add them.
    room_departures (room_id, user_id) {
        room_id -> Uuid,
        user_id -> Uuid,
        left_at -> Timestamptz,
    }
}

diesel::table! {
    /// The newest invitation of each user to each room: open, expired or declined. Accepting deletes it.
    room_invitations (room_id, user_id) {
        /// Of this invitation; a later one to the same room has another.
        id -> Uuid,
        room_id -> Uuid,
        user_id -> Uuid,
        invited_by -> Uuid,
        created_at -> Timestamptz,
        declined_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who is in a room now.
    room_members (room_id, user_id) {
        room_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        joined_at -> Timestamptz,
        /// Place of the last message that the member has read, which marks all before it too. What was said before they came counts as read.
        last_read_seq -> Int8,
        /// The room is hidden from the member while its newest message has at most this place; null where it is shown.
        hidden_at_seq -> Nullable<Int8>,
        /// The member wrote in the room or accepted an invitation to it, so that it counts towards their limit of rooms; so does a room that they made.
        takes_part -> Bool,
        /// Until then the room does not count for the member's badge.
        muted_until -> Nullable<Timestamptz>,
        /// The room precedes the others in the member's list.
        pinned -> Bool,
    }
}

diesel::table! {
    /// Conversations. Rows are updated with every message, hence the room left on each page for HOT updates.
    rooms (id) {
        id -> Uuid,
        kind -> Text,
        /// Of a group only; a direct room is named by its other member.
        name -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
        /// When the last message was stored, or the room was made.
        last_activity_at -> Timestamptz,
        /// Set once the room is read-only and hidden from lists.
        archived_at -> Nullable<Timestamptz>,
        /// Place of the newest message; as places have no gaps, also the number of messages.
        last_seq -> Int8,
        /// Kept in step with room_members, under the row lock of the room.
        member_count -> Int4,
        /// The lesser id of the two people of a direct room.
        direct_low -> Nullable<Uuid>,
        /// The greater id of the two people of a direct room.
        direct_high -> Nullable<Uuid>,
        /// Number of the last change to a message of the room. An edit, a deletion, a reaction and one taken back each are one change.
        last_revision -> Int8,
    }
}

diesel::table! {
    /// Log-ins: each is a family of refresh tokens, of which the newest is good.
    sessions (id) {
        /// UUIDv4; access tokens carry it as sid.
        id -> Uuid,
        user_id -> Uuid,
        /// What the client called itself.
        device_name -> Nullable<Text>,
        /// The network of the last use, without the part that names a machine.
        address -> Nullable<Text>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        /// After this time it cannot be refreshed; each refresh moves it.
        expires_at -> Timestamptz,
        /// The number in the newest refresh token. Tokens are recomputed from it, and never stored.
        refresh_count -> Int8,
        /// When the newest refresh token was first handed out.
        refreshed_at -> Timestamptz,
        /// Its user must set up one-time passwords before any permission counts.
        totp_due -> Bool,
        revoked_at -> Nullable<Timestamptz>,
        revoked_because -> Nullable<Text>,
    }
}

diesel::table! {
    /// Sizes of fixed sets of graduates, as counted each night. Accounts without verification see them, rounded.
    set_counts (kind, faculty_id, department_id, year) {
        kind -> Text,
        /// 0 where the set is not one of a faculty.
        faculty_id -> Int2,
        /// 0 where the set is not one of a department.
        department_id -> Int2,
        /// 0 where the set is not one of a year.
        year -> Int2,
        /// People of the register with such an award.
        graduates -> Int4,
        /// Search rows with such an award.
        members -> Int4,
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    /// Skills as members name them, each spelling once.
    skills (id) {
        id -> Int4,
        /// Names the row for programs.
        uuid -> Uuid,
        /// As its first user or the office spells it.
        name -> Text,
        /// The name without case, accents and punctuation.
        name_key -> Text,
        /// A proposed name is neither suggested to others nor a filter; three users or the office confirm it.
        state -> Text,
        /// What the name stands for; that row is not merged itself.
        merged_into -> Nullable<Int4>,
        /// How many members name it, as counted last.
        uses -> Int4,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// The states of Nigeria and the Federal Capital Territory. Rows are never deleted.
    states (id) {
        id -> Int2,
        /// Names the row for programs; never changes.
        code -> Text,
        name -> Text,
        /// Other and former names, by which imports find the row.
        aliases -> Array<Nullable<Text>>,
        zone -> Text,
        /// ISO 3166-2:NG.
        iso_code -> Text,
        valid_from -> Nullable<Date>,
        /// The last day on which the row is in use; null as long as it is.
        valid_until -> Nullable<Date>,
        /// What took its place.
        successor_id -> Nullable<Int2>,
        /// What confirms the row, such as a letter of the Registry; null until then.
        confirmed_by -> Nullable<Text>,
        /// When the office edited the row last; data files leave such rows alone.
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Long work as the people see it who asked for it; a job does the work. Forgotten some weeks after its end.
    tasks (id) {
        /// UUIDv4: who knows it may still not see the task.
        id -> Uuid,
        /// What it does, such as import_judge.
        kind -> Text,
        /// What it works on, such as an import.
        subject_id -> Nullable<Uuid>,
        /// queued: waits for a worker, or for its next attempt; canceling: ends as soon as its step has ended.
        state -> Text,
        /// The part of the work under way.
        phase -> Nullable<Text>,
        /// How much of the phase is done, in units.
        done -> Int8,
        /// How much the phase has; null while that is not known.
        total -> Nullable<Int8>,
        /// What is counted, such as rows.
        unit -> Nullable<Text>,
        /// Holders of this permission see and cancel the task too; null for its creator alone.
        permission -> Nullable<Text>,
        /// Null for the operator and for the server itself.
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        /// Time of the last change of what is shown.
        last_modified -> Timestamptz,
        phase_began_at -> Nullable<Timestamptz>,
        /// When a worker last wrote progress.
        heartbeat_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        /// Why it failed, for its creator; holds no personal data.
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    /// Codes that each stand in for a one-time password once.
    totp_recovery_codes (user_id, code_hash) {
        user_id -> Uuid,
        /// SHA-256 of the code.
        code_hash -> Bytea,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// One-time passwords (RFC 6238) of those who use them.
    totp_secrets (user_id) {
        user_id -> Uuid,
        /// The shared secret, encrypted with the server's key.
        sealed_secret -> Bytea,
        created_at -> Timestamptz,
        /// When a first one-time password proved that the device has the secret; asked for at log-in since.
        confirmed_at -> Nullable<Timestamptz>,
        /// The time step of the last one-time password that was accepted; it and earlier ones are not good again.
        last_step -> Int8,
    }
}

diesel::table! {
    /// The e-mail addresses of accounts.
    user_emails (id) {
        id -> Uuid,
        user_id -> Uuid,
        /// In canonical form: NFC, lower case, its host as an A-label. email_conflicts lists the addresses that are not.
        email -> Text,
        /// Where mail goes; the same as users.email.
        is_primary -> Bool,
        /// Since when the address belongs to the account: its owner proved that they read what is sent there, or the office entered it.
        verified_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        /// The office entered the verified address, and its owner has not opened a link yet: no password reset is mailed to it.
        awaits_proof -> Bool,
    }
}

diesel::table! {
    /// Which groups a user is in.
    user_group (user_id, group_id) {
        user_id -> Uuid,
        group_id -> Uuid,
        /// Exclusive end of the membership; null for none. An ended membership counts for nothing.
        valid_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// When each user last left the chat.
    user_presence (user_id) {
        user_id -> Uuid,
        last_seen_at -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts. A graduate's entry in the register is another thing, linked by a claim.
    users (id) {
        /// UUIDv4; the only identifier clients ever see.
        id -> Uuid,
        /// The primary address in canonical form: NFC, lower case, its host as an A-label.
        email -> Text,
        /// bcrypt, in its modular crypt form; an exclamation mark while the account has no password.
        password_hash -> Text,
        firstname -> Text,
        middlename -> Nullable<Text>,
        lastname -> Text,
        /// E.164, such as +2348031234567.
        phone -> Nullable<Text>,
        /// False while suspended: no log-in, no request, no chat.
        is_active -> Bool,
        /// Holds every permission, whatever the groups say.
        is_superuser -> Bool,
        /// Whether the university knows this person as a graduate.
        verification -> Text,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
        /// Since when its owner has it hidden. A log-in shows it again; in its erasure window no log-in succeeds.
        deactivated_at -> Nullable<Timestamptz>,
        /// Set on a tombstone: the row of an erased account, which names no person any more.
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(awards -> alumni_records (record_id));
diesel::joinable!(awards -> degrees (degree_id));
diesel::joinable!(awards -> departments (department_id));
diesel::joinable!(awards -> programmes (programme_id));
diesel::joinable!(chat_tickets -> sessions (session_id));
diesel::joinable!(chat_tickets -> users (user_id));
diesel::joinable!(claim_decisions -> claims (claim_id));
diesel::joinable!(claim_events -> claims (claim_id));
diesel::joinable!(claim_evidence -> claims (claim_id));
diesel::joinable!(claims -> alumni_records (record_id));
diesel::joinable!(claims -> users (user_id));
diesel::joinable!(consents -> users (user_id));
diesel::joinable!(data_exports -> users (user_id));
diesel::joinable!(departments -> faculties (faculty_id));
diesel::joinable!(directory_entries -> users (user_id));
diesel::joinable!(educations -> users (user_id));
diesel::joinable!(email_changes -> users (user_id));
diesel::joinable!(email_conflicts -> user_emails (email_id));
diesel::joinable!(email_conflicts -> users (holder_id));
diesel::joinable!(email_verifications -> user_emails (email_id));
diesel::joinable!(experiences -> employers (employer_id));
diesel::joinable!(experiences -> users (user_id));
diesel::joinable!(field_visibility -> users (user_id));
diesel::joinable!(import_changes -> alumni_records (record_id));
diesel::joinable!(import_changes -> imports (import_id));
diesel::joinable!(invitation_batches -> users (created_by));
diesel::joinable!(invitations -> alumni_records (record_id));
diesel::joinable!(invitations -> claims (claim_id));
diesel::joinable!(invitations -> invitation_batches (batch_id));
diesel::joinable!(invitations -> users (accepted_by));
diesel::joinable!(jobs -> tasks (task_id));
diesel::joinable!(known_networks -> users (user_id));
diesel::joinable!(mailbox_suppressions -> alumni_records (record_id));
diesel::joinable!(password_resets -> users (user_id));
diesel::joinable!(permission_role -> permissions (permission_id));
diesel::joinable!(permission_role -> roles (role_id));
diesel::joinable!(profile_links -> users (user_id));
diesel::joinable!(profile_skills -> skills (skill_id));
diesel::joinable!(profile_skills -> users (user_id));
diesel::joinable!(profiles -> countries (country_id));
diesel::joinable!(profiles -> industries (industry_id));
diesel::joinable!(profiles -> states (state_id));
diesel::joinable!(profiles -> users (user_id));
diesel::joinable!(programmes -> degrees (degree_id));
diesel::joinable!(programmes -> departments (department_id));
diesel::joinable!(record_events -> alumni_records (record_id));
diesel::joinable!(record_field_sources -> alumni_records (record_id));
diesel::joinable!(record_field_sources -> awards (award_id));
diesel::joinable!(role_assignments -> roles (role_id));
diesel::joinable!(role_group -> groups (group_id));
diesel::joinable!(role_group -> roles (role_id));
diesel::joinable!(room_additions -> users (user_id));
diesel::joinable!(room_departures -> rooms (room_id));
diesel::joinable!(room_departures -> users (user_id));
diesel::joinable!(room_invitations -> rooms (room_id));
diesel::joinable!(room_members -> rooms (room_id));
diesel::joinable!(room_members -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(tasks -> users (created_by));
diesel::joinable!(totp_recovery_codes -> totp_secrets (user_id));
diesel::joinable!(totp_secrets -> users (user_id));
diesel::joinable!(user_emails -> users (user_id));
diesel::joinable!(user_group -> groups (group_id));
diesel::joinable!(user_group -> users (user_id));
diesel::joinable!(user_presence -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    alumni_records,
    audit_log,
    audit_log_head,
    audit_witnesses,
    awards,
    backfills,
    chat_tickets,
    claim_decisions,
    claim_events,
    claim_evidence,
    claims,
    consents,
    countries,
    data_exports,
    degrees,
    departments,
    directory_entries,
    educations,
    email_changes,
    email_conflicts,
    email_outbox,
    email_verifications,
    employers,
    erasure_ledger,
    erasures,
    experiences,
    facet_counts,
    faculties,
    field_visibility,
    groups,
    holidays,
    idempotency_keys,
    import_changes,
    import_rows,
    import_verdicts,
    imports,
    industries,
    invitation_batches,
    invitations,
    jobs,
    known_networks,
    mailbox_suppressions,
    message_edits,
    message_emoji,
    message_reactions,
    messages,
    name_tokens,
    password_resets,
    permission_role,
    permissions,
    profile_links,
    profile_skills,
    profiles,
    programmes,
    rate_limits,
    record_duplicates,
    record_events,
    record_field_sources,
    record_merges,
    reference_lists,
    role_assignments,
    role_group,
    roles,
    room_additions,
    room_departures,
    room_invitations,
    room_members,
    rooms,
    sessions,
    set_counts,
    skills,
    states,
    tasks,
    totp_recovery_codes,
    totp_secrets,
    user_emails,
    user_group,
    user_presence,
    users,
);
