-- One way of leasing for all tables: lease_token, leased_until and attempts (models/queue/leases.py).

ALTER TABLE jobs RENAME COLUMN claim TO lease_token; -- chosen by the worker that holds it; NULL: nobody does
ALTER TABLE jobs ALTER COLUMN lease_token DROP NOT NULL, ALTER COLUMN lease_token DROP DEFAULT;
ALTER TABLE jobs RENAME COLUMN claimed_until TO leased_until; -- nobody else may take it before; NULL: it is free
ALTER TABLE jobs RENAME COLUMN stumbles TO attempts; -- how often it was taken since the last progress
ALTER TABLE jobs RENAME COLUMN turn_at TO worked_at; -- when a worker last took or released it
ALTER INDEX jobs_turn_at_idx RENAME TO jobs_worked_at_idx;
UPDATE jobs SET attempts = attempts + 1 WHERE leased_until IS NOT NULL; -- the attempt under way is counted from now on
UPDATE jobs SET lease_token = NULL WHERE leased_until IS NULL;

ALTER TABLE channel_errands RENAME TO provider_requests;
ALTER TABLE provider_requests RENAME CONSTRAINT channel_errands_pkey TO provider_requests_pkey;
ALTER TABLE provider_requests RENAME CONSTRAINT channel_errands_kind_check TO provider_requests_kind_check;
ALTER TABLE provider_requests RENAME CONSTRAINT channel_errands_status_check TO provider_requests_status_check;
ALTER TABLE provider_requests RENAME CONSTRAINT channel_errands_workspace_id_fkey TO provider_requests_workspace_id_fkey;
ALTER INDEX channel_errands_open_idx RENAME TO provider_requests_open_idx;
ALTER SEQUENCE channel_errands_id_seq RENAME TO provider_requests_id_seq;
ALTER TABLE provider_requests RENAME COLUMN claimed_until TO leased_until;
ALTER TABLE provider_requests ADD COLUMN lease_token bigint, ADD COLUMN attempts integer NOT NULL DEFAULT 0;
UPDATE provider_requests SET attempts = 1 WHERE leased_until IS NOT NULL;
UPDATE provider_requests SET leased_until = NULL WHERE status NOT IN ('WAITING', 'RUNNING');

ALTER TABLE webhook_inbox RENAME COLUMN stumbles TO attempts;
ALTER TABLE webhook_inbox ALTER COLUMN attempts TYPE integer;
ALTER TABLE webhook_inbox ADD COLUMN lease_token bigint, ADD COLUMN leased_until timestamptz;
UPDATE webhook_inbox SET leased_until = received_at WHERE attempts > 0;

-- Leases of a workspace by name, for work that has no row of its own: 'webhooks', 'sending 0', ...
CREATE TABLE workspace_leases (
    workspace_id bigint NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         text NOT NULL,
    lease_token  bigint,
    leased_until timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, name)
) WITH (fillfactor = 50);
