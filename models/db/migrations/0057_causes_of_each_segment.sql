-- What led a contact into one segment need not be what led it into another.

-- Rows of before name no segment: what they tell of counts as somebody else's doing, so that a loop has one turn more.
ALTER TABLE workflow_causes ADD COLUMN segment_id bigint NOT NULL DEFAULT 0;
ALTER TABLE workflow_causes ALTER COLUMN segment_id DROP DEFAULT;
ALTER TABLE workflow_causes DROP CONSTRAINT workflow_causes_pkey;
ALTER TABLE workflow_causes ADD PRIMARY KEY (workspace_id, position, contact_id, segment_id);
