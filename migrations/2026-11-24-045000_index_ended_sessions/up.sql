-- A server looks every second for sessions that another program has ended.
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at DESC) WHERE revoked_at IS NOT NULL;
