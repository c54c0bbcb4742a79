-- Contacts whose personal data was, or is being, erased everywhere (models/personal_data/).
CREATE TABLE contact_erasures (
    workspace_id bigint NOT NULL,
    contact_id   bigint NOT NULL,
    identity     jsonb, -- what the person is found by; null when nothing is left to erase
    asked_at     timestamptz NOT NULL,
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id, contact_id),
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX contact_erasures_unfinished_idx ON contact_erasures (asked_at) WHERE finished_at IS NULL;

-- Where the tables are distributed over several servers, this one is too.
DO $$
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN RETURN; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'workspaces'::regclass) THEN RETURN; END IF;
    PERFORM create_distributed_table('contact_erasures', 'workspace_id', colocate_with => 'workspaces');
END $$;
