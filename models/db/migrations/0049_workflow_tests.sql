-- Who takes part in a test run, and up to where it has heard what really happened to them.
ALTER TABLE workflow_tests
    ADD COLUMN contact_ids bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN heard_activity bigint NOT NULL DEFAULT 0,
    ADD COLUMN heard_position bigint NOT NULL DEFAULT 0;
