CREATE TABLE known_networks (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network text NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT known_networks_pkey PRIMARY KEY (user_id, network)
);
COMMENT ON TABLE known_networks IS 'Networks from which a user logged in or refreshed a session in the last 90 days.';
COMMENT ON COLUMN known_networks.network IS 'In CIDR notation, without the part that names a machine.';
COMMENT ON COLUMN known_networks.last_used_at IS 'Accurate to a day.';

CREATE INDEX known_networks_last_used_at_idx ON known_networks (last_used_at);

INSERT INTO known_networks (user_id, network, last_used_at)
SELECT user_id, address, max(last_used_at)
FROM sessions
WHERE address IS NOT NULL AND last_used_at > now() - interval '90 days'
GROUP BY user_id, address;
