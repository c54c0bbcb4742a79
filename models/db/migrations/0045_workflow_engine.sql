-- The engine of workflows knows what caused a change, and since when a workflow listens.

-- Which workflows led to this change, the last one last, with the depth of the chain: `3:12,15`. Null: somebody else.
ALTER TABLE dirty_contacts ADD COLUMN cause text DEFAULT nullif(current_setting('muster.cause', true), '');
ALTER TABLE workflow_signals ADD COLUMN cause text;

-- Which workflows led to changes in the log of members: those at positions (after_position, position] of this contact.
CREATE TABLE workflow_causes (
    workspace_id   bigint NOT NULL,
    position       bigint NOT NULL,
    contact_id     bigint NOT NULL,
    after_position bigint NOT NULL,
    cause          text NOT NULL, -- as in dirty_contacts
    PRIMARY KEY (workspace_id, position, contact_id)
);

-- What happened before is none of the version's business: up to this position of the log of members, and this moment.
ALTER TABLE workflow_sources ADD COLUMN since bigint NOT NULL DEFAULT 0;
ALTER TABLE workflow_sources ADD COLUMN since_at timestamptz NOT NULL DEFAULT '-infinity';

-- Grows with each change of what runs: processes compile workflows again when it has.
ALTER TABLE workflow_engines ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
