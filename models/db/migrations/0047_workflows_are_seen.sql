-- Steps of test runs are in the log too, and say so.
ALTER TABLE workflow_steps ADD COLUMN test boolean NOT NULL DEFAULT false;

-- How many are held or failed is asked often, and most of those inside wait.
CREATE INDEX enrollments_state_idx ON enrollments (workspace_id, workflow_id, state) WHERE state <> 'WAITING' AND test_id IS NULL;

-- When its figures were last compared with those inside.
ALTER TABLE workflows ADD COLUMN audited_at timestamptz;
