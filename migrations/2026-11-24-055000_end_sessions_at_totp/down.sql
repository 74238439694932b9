UPDATE sessions SET revoked_because = 'revoked' WHERE revoked_because = 'totp-enabled';
ALTER TABLE sessions
    DROP CONSTRAINT sessions_reason_known,
    ADD CONSTRAINT sessions_reason_known CHECK (revoked_because IN (
        'log-out', 'log-out-everywhere', 'revoked', 'displaced', 'refresh-reused', 'password-changed', 'password-reset',
        'email-change-undone', 'suspended', 'deactivated', 'erasure'));
