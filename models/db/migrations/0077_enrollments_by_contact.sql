-- One index finds a contact's enrollments and keeps them apart. Each move of an enrollment writes one index less.
CREATE UNIQUE INDEX enrollments_of_contact_key
    ON enrollments (workspace_id, contact_id, workflow_id, entry_key, coalesce(test_id, 0));
DROP INDEX enrollments_inside_key;
DROP INDEX enrollments_contact_idx;
ALTER INDEX enrollments_of_contact_key RENAME TO enrollments_inside_key;
