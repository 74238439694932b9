CREATE TEMP TABLE synthetic_members (
    record_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text NOT NULL,
    is_verified boolean NOT NULL
) ON COMMIT DROP
