-- Workflows: later activation, and additions that a partner may send twice.

-- Whether the later activation lets those in who are members already.
ALTER TABLE workflows ADD COLUMN activates_existing boolean NOT NULL DEFAULT false;
CREATE INDEX workflows_activates_idx ON workflows (activates_at) WHERE activates_at IS NOT NULL;

-- What was added to a workflow with an idempotency key: a second request with the key adds nothing.
CREATE TABLE workflow_additions (
    workspace_id    bigint NOT NULL,
    workflow_id     bigint NOT NULL,
    idempotency_key text NOT NULL,
    changed         integer NOT NULL,
    job_id          bigint,
    added_at        timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, workflow_id, idempotency_key),
    FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX workflow_additions_added_idx ON workflow_additions (added_at);
