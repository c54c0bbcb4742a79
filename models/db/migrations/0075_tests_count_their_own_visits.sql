-- How often the contacts of a test run have passed nodes with a limit: they use up nothing of the workflow's own limits.
ALTER TABLE workflow_tests ADD COLUMN visits jsonb NOT NULL DEFAULT '[]';
